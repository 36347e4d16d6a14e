package main

import (
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
)

// A million mailboxes hold one message each.
const keyedMailboxLen = 1

// A prime: multiplied by it, the keys of any smaller range come in a scrambled order, each once.
const stride = 611953

// mayfly takes one message and goes.
func mayfly(inbox <-chan message, sum *atomic.Uint64, left *sync.WaitGroup) {
	m := <-inbox
	sum.Add(m.b)
	left.Done()
}

func create(size uint64) {
	var sum atomic.Uint64
	var left sync.WaitGroup
	begin := now()
	left.Add(int(size))
	for i := uint64(0); i < size; i++ {
		inbox := make(chan message, keyedMailboxLen)
		go mayfly(inbox, &sum, &left)
		inbox <- message{tag: tagAdd, a: i, b: 1}
	}
	left.Wait()
	printRate("create.actors", size, begin)
	checkTotal("create", sum.Load(), size)
}

// idler keeps a count and a value for its key. When its mailbox is closed it adds the count to the sum of all.
func idler(inbox <-chan message, left *sync.WaitGroup, sum *atomic.Uint64) {
	var state struct{ count, value uint64 }
	for m := range inbox {
		state.count++
		state.value = m.b
		left.Done()
	}
	sum.Add(state.count)
	left.Done()
}

// directory knows the mailbox of each key. Threads: its owner's goroutine.
type directory[K comparable] struct {
	inboxes map[K]chan message
	left    sync.WaitGroup // messages not yet handled
	sum     atomic.Uint64  // all idlers' counts, once they are closed
}

func newDirectory[K comparable]() *directory[K] {
	return &directory[K]{inboxes: make(map[K]chan message)}
}

// deliver sends to the actor of this key, which is created when it is not there.
func (d *directory[K]) deliver(key K, m message) {
	inbox, exists := d.inboxes[key]
	if !exists {
		inbox = make(chan message, keyedMailboxLen)
		d.inboxes[key] = inbox
		go idler(inbox, &d.left, &d.sum)
	}
	inbox <- m
}

// check stops all actors and compares the sum of what they handled.
func (d *directory[K]) check(what string, expected uint64) {
	d.left.Add(len(d.inboxes))
	for _, inbox := range d.inboxes {
		close(inbox)
	}
	d.left.Wait()
	checkTotal(what, d.sum.Load(), expected)
}

func idleOf[K comparable](metric string, size uint64, keyOf func(uint64) K) {
	before := resident()
	actors := newDirectory[K]()
	actors.left.Add(int(size))
	for i := uint64(0); i < size; i++ {
		actors.deliver(keyOf(i), message{tag: tagAdd, a: i, b: i})
	}
	actors.left.Wait()
	printResult(metric, float64(resident()-before)/float64(size), "bytes")
	actors.check(metric, size)
}

func idleStringKey(size uint64) {
	idleOf("idle.string_key", size, func(i uint64) string { return "actor-" + strconv.FormatUint(i, 10) })
}

// idle measures string keys in a process of their own: memory given back would be used again, unseen.
func idle(size uint64) {
	idleOf("idle.actor", size, func(i uint64) uint64 { return i })
	path, err := os.Executable()
	if err != nil {
		giveUp("no path of this program: " + err.Error())
	}
	other := exec.Command(path, "idle_string_key", strconv.FormatUint(size, 10))
	other.Stdout = os.Stdout
	other.Stderr = os.Stderr
	if err := other.Run(); err != nil {
		giveUp("idle_string_key: " + err.Error())
	}
}

func keyed(size uint64) {
	if size%stride == 0 {
		giveUp("keyed: the size is no multiple of " + strconv.Itoa(stride))
	}
	actors := newDirectory[uint64]()
	begin := now()
	actors.left.Add(int(size))
	for i := uint64(0); i < size; i++ {
		actors.deliver(i*stride%size, message{tag: tagAdd, a: i, b: i})
	}
	actors.left.Wait()
	printRate("keyed1.messages", size, begin)
	begin = now()
	actors.left.Add(int(size))
	for i := uint64(0); i < size; i++ {
		actors.deliver(scramble(i)%size, message{tag: tagAdd, a: i, b: i})
	}
	actors.left.Wait()
	printRate("keyed2.messages", size, begin)
	checkTotal("keyed", uint64(len(actors.inboxes)), size)
	actors.check("keyed", 2*size)
}
