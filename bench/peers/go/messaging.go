package main

const (
	producers = 8
	ringLen   = 503
	bigLen    = 120
)

// What message.tag says.
const (
	tagAdd uint32 = iota + 1
	tagTotal
	tagPing
	tagPong
)

// player returns each ball, until none is left to be returned; then it tells how many it saw.
func player(inbox <-chan message, other chan<- message, seen chan<- uint64) {
	var count uint64
	for m := range inbox {
		count++
		if m.a > 0 {
			other <- message{tag: m.tag, a: m.a - 1, b: m.b + 1}
		}
		if m.a <= 1 {
			break
		}
	}
	seen <- count
}

func pingpong(size uint64) {
	ping := make(chan message, mailboxLen)
	pong := make(chan message, mailboxLen)
	seen := make(chan uint64)
	go player(ping, pong, seen)
	go player(pong, ping, seen)
	begin := now()
	ping <- message{tag: tagAdd, a: 2*size - 1}
	total := <-seen + <-seen
	time := now() - begin
	checkTotal("pingpong", total, 2*size)
	printResult("pingpong.one_way", float64(time)/float64(total), "ns")
	printResult("pingpong.messages", float64(total)/float64(time)*1e9, "1/s")
}

// counter adds up, and tells the sum to whoever asks.
func counter(inbox <-chan message) {
	var total uint64
	for m := range inbox {
		switch m.tag {
		case tagAdd:
			total += m.b
		case tagTotal:
			m.reply <- message{tag: m.tag, a: total}
		}
	}
}

func producer(counter chan<- message, each uint64, done chan<- struct{}) {
	for i := uint64(0); i < each; i++ {
		counter <- message{tag: tagAdd, a: i, b: 1}
	}
	done <- struct{}{}
}

func produce(metric string, producerCount, size uint64) {
	inbox := make(chan message, mailboxLen)
	done := make(chan struct{})
	reply := make(chan message, 1)
	each := size / producerCount
	begin := now()
	go counter(inbox)
	for i := uint64(0); i < producerCount; i++ {
		go producer(inbox, each, done)
	}
	for i := uint64(0); i < producerCount; i++ {
		<-done
	}
	inbox <- message{tag: tagTotal, reply: reply}
	total := (<-reply).a
	printRate(metric, total, begin)
	checkTotal(metric, total, each*producerCount)
	close(inbox)
}

func count(size uint64) {
	produce("count.messages", 1, size)
}

func fanin(size uint64) {
	produce("fanin.messages", producers, size)
}

func link(inbox <-chan message, next chan<- message, done chan<- uint64) {
	for m := range inbox {
		if m.a == 0 {
			done <- m.b
		} else {
			next <- message{tag: m.tag, a: m.a - 1, b: m.b + 1}
		}
	}
}

func ring(size uint64) {
	done := make(chan uint64)
	links := make([]chan message, ringLen)
	for i := range links {
		links[i] = make(chan message, mailboxLen)
	}
	for i := range links {
		go link(links[i], links[(i+1)%ringLen], done)
	}
	begin := now()
	links[0] <- message{tag: tagAdd, a: size}
	total := <-done
	printRate("ring.hops", size, begin)
	checkTotal("ring", total, size)
}

// member pings random others. It has one ping on its way at a time: a mailbox never holds more than the others' pings and
// one pong, so that nobody waits in a circle.
func member(self, pings uint64, members []chan message, finished chan<- struct{}, handled chan<- uint64) {
	var count, sent uint64
	ping := func() {
		to := scramble(sent*bigLen+self) % (bigLen - 1)
		if to >= self {
			to++
		}
		sent++
		members[to] <- message{tag: tagPing, a: self, b: sent}
	}
	ping()
	for m := range members[self] {
		count++
		if m.tag == tagPing {
			members[m.a] <- message{tag: tagPong, a: self, b: m.b}
		} else if sent < pings {
			ping()
		} else {
			finished <- struct{}{} // stays, for the others' pings
		}
	}
	handled <- count
}

func big(size uint64) {
	members := make([]chan message, bigLen)
	finished := make(chan struct{})
	handled := make(chan uint64, bigLen)
	for i := range members {
		members[i] = make(chan message, mailboxLen)
	}
	begin := now()
	for i := range members {
		go member(uint64(i), size, members, finished, handled)
	}
	for range members {
		<-finished
	}
	printRate("big.messages", 2*size*bigLen, begin)
	var total uint64
	for _, inbox := range members {
		close(inbox)
		total += <-handled
	}
	checkTotal("big", total, 2*size*bigLen)
}
