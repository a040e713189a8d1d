// The Go clients: the same workloads as programs/sync.c, pipeline.c and threads.c, printed alike. Which workload
// and which client is compiled in by the linker's -X.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var program, client string

// command is a GET or SET of so many bytes.
type command struct {
	gets  bool
	key   string
	value string
	size  int
}

// peer does what client.h asks of a client; false when a reply is not the one expected.
type peer interface {
	call(command) bool
	pipeline(command, int) bool
}

func main() {
	address, count, warm, own := os.Args[1], number(os.Args[3]), number(os.Args[4]), os.Args[5:]
	threads := 1
	asked := command{gets: true, key: "value:16", size: 16}
	if program == "threads" {
		threads = number(own[0])
	} else {
		asked = newCommand(own[0] == "get", number(own[1]))
	}
	opened := open(address, threads)
	work := func(times int) bool { return each(opened, asked, times) }
	if program == "pipeline" {
		depth := number(own[2])
		work = func(times int) bool {
			for ; times > 0 && opened.pipeline(asked, depth); times-- {
			}
			return times == 0
		}
	}
	if program == "threads" {
		work = func(times int) bool { return together(opened, asked, threads, times/threads) }
	}
	measure(work, count, warm)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail("no number: " + text)
	}
	return value
}

func fail(words string) {
	fmt.Fprintln(os.Stderr, words)
	os.Exit(1)
}

func newCommand(gets bool, size int) command {
	if gets {
		return command{gets: true, key: fmt.Sprintf("value:%d", size), size: size}
	}
	value := make([]byte, size)
	for i := range value {
		value[i] = 'v'
	}
	return command{key: fmt.Sprintf("written:%d", size), value: string(value), size: size}
}

func each(opened peer, asked command, times int) bool {
	for ; times > 0 && opened.call(asked); times-- {
	}
	return times == 0
}

// together runs one goroutine per thread of the C program.
func together(opened peer, asked command, threads, times int) bool {
	var all sync.WaitGroup
	well := make([]bool, threads)
	for i := range well {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			well[i] = each(opened, asked, times)
		}(i)
	}
	all.Wait()
	for _, it := range well {
		if !it {
			return false
		}
	}
	return true
}

func processorTime() int64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return used.Utime.Nano() + used.Stime.Nano()
}

func measure(work func(int) bool, count, warm int) {
	var before, after runtime.MemStats
	if !work(warm) {
		fail("a reply was not the one expected, while warming up")
	}
	runtime.ReadMemStats(&before)
	cpu, wall := processorTime(), time.Now()
	well := work(count)
	took, used := time.Since(wall).Nanoseconds(), processorTime()-cpu
	runtime.ReadMemStats(&after)
	if !well {
		fail("a reply was not the one expected")
	}
	fmt.Printf("count=%d wall_ns=%d cpu_ns=%d allocations=%d allocated_bytes=%d\n", count, took, used,
		after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc)
}

func open(address string, connections int) peer {
	if client == "rueidis" {
		return openRueidis(address)
	}
	return openGoRedis(address, connections)
}
