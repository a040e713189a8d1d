#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisclient_fuzz::abi::run(data));
