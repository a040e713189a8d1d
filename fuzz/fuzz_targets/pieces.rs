#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisclient_fuzz::pieces::run(data));
