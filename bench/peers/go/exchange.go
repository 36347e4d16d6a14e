package main

const subscribers = 1000

// event is shared by all its subscribers; nobody changes it.
type event struct {
	tag uint32
	a   uint64
	b   uint64
}

func subscriber(inbox <-chan *event, total chan<- uint64) {
	var sum uint64
	for e := range inbox {
		sum += e.b
	}
	total <- sum
}

func publisher(inboxes []chan *event, events uint64) {
	for i := uint64(0); i < events; i++ {
		e := &event{tag: tagAdd, a: i, b: 1}
		for _, inbox := range inboxes {
			inbox <- e
		}
	}
	for _, inbox := range inboxes {
		close(inbox)
	}
}

func pubsub(size uint64) {
	inboxes := make([]chan *event, subscribers)
	totals := make(chan uint64, subscribers)
	for i := range inboxes {
		inboxes[i] = make(chan *event, mailboxLen)
		go subscriber(inboxes[i], totals)
	}
	var sum uint64
	begin := now()
	go publisher(inboxes, size)
	for range inboxes {
		sum += <-totals
	}
	printRate("pubsub.deliveries", size*subscribers, begin)
	checkTotal("pubsub", sum, size*subscribers)
}

func responder(inbox <-chan message) {
	for m := range inbox {
		m.reply <- message{tag: m.tag, a: m.a, b: 1}
	}
}

// client asks one thing after the other, and is answered on a channel of its own.
func client(responder chan<- message, times []int64, sum chan<- uint64) {
	var total uint64
	reply := make(chan message, 1)
	begin := now()
	for i := range times {
		responder <- message{tag: tagAdd, a: uint64(i), reply: reply}
		total += (<-reply).b
		end := now()
		times[i] = end - begin
		begin = end
	}
	sum <- total
}

func ask(size uint64) {
	inbox := make(chan message, mailboxLen)
	sum := make(chan uint64)
	times := make([]int64, size)
	go responder(inbox)
	begin := now()
	go client(inbox, times, sum)
	total := <-sum
	printRate("ask.requests", size, begin)
	checkTotal("ask", total, size)
	sortTimes(times)
	printResult("ask.p50", quantile(times, 0.5), "ns")
	printResult("ask.p99", quantile(times, 0.99), "ns")
	close(inbox)
}
