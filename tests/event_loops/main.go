// Runs the recipe for Go: goroutines that each await their own reply, served by one that drains.
package main

// #include <redisclient.h>
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// recipe

const commands = 1000

type service struct {
	queue   *C.redisclient_queue
	lock    sync.Mutex
	waiting map[C.uint64_t]chan string
}

func (it *service) deliver(one C.redisclient_completion) {
	var length C.size_t
	text := C.redisclient_reply_text(one.reply, &length)
	answer := C.GoStringN(text, C.int(length))
	C.redisclient_reply_free(one.reply)
	C.redisclient_error_free(one.error)
	it.lock.Lock()
	defer it.lock.Unlock()
	it.waiting[one.tag] <- answer
	delete(it.waiting, one.tag)
}

// echo is one crossing into C: the arguments go end to end.
func (it *service) echo(tag C.uint64_t, text string) string {
	answer := make(chan string, 1)
	it.lock.Lock()
	it.waiting[tag] = answer
	it.lock.Unlock()
	packed := []byte("ECHO" + text)
	lengths := []C.size_t{4, C.size_t(len(text))}
	bytes := (*C.char)(unsafe.Pointer(&packed[0]))
	if C.redisclient_submit_packed(it.queue, nil, tag, 2, bytes, &lengths[0]) != 0 {
		return "submit failed"
	}
	return <-answer
}

func main() {
	var client *C.redisclient
	url := C.CString(os.Args[1])
	if C.redisclient_open(url, nil, &client, nil) != 0 {
		os.Exit(2)
	}
	it := &service{queue: C.redisclient_queue_new(client), waiting: map[C.uint64_t]chan string{}}
	file, err := Watch(it.queue)
	if err != nil {
		panic(err)
	}
	served := make(chan error)
	go func() { served <- Serve(it.queue, file, it.deliver) }()
	var all sync.WaitGroup
	for number := 0; number < commands; number++ {
		all.Add(1)
		go func(number int) {
			defer all.Done()
			text := fmt.Sprintf("ticket %d", number)
			if answer := it.echo(C.uint64_t(number), text); answer != text {
				panic(answer)
			}
		}(number)
	}
	all.Wait()
	file.Close()
	<-served
	C.redisclient_queue_free(it.queue)
	C.redisclient_free(client)
	C.free(unsafe.Pointer(url))
	fmt.Println(commands, "answered")
}
