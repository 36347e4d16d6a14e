// bench-go NAME [SIZE]: the benchmarks for goroutines and channels.
//
// An actor is a goroutine that ranges over a bounded channel. This is a baseline, not an actor framework: no supervision,
// no directory but the map a benchmark keeps itself, and a full channel blocks its sender.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Goroutines run on two cores, as everybody's do.
const workers = 2

// What a mailbox holds, where there are few; with a million actors it holds one message.
const mailboxLen = 128

type benchmark struct {
	name string
	size uint64
	run  func(size uint64)
}

var benchmarks = []benchmark{
	{"pingpong", 3000000, pingpong},
	{"count", 8000000, count},
	{"fanin", 8000000, fanin},
	{"ring", 5000000, ring},
	{"create", 1000000, create},
	{"idle", 1000000, idle},
	{"idle_string_key", 1000000, idleStringKey},
	{"keyed", 1000000, keyed},
	{"big", 30000, big},
	{"pubsub", 5000, pubsub},
	{"ask", 1000000, ask},
}

// message is what travels everywhere but in pubsub, which shares one by pointer.
type message struct {
	tag   uint32
	a     uint64
	b     uint64
	reply chan<- message // who asks gives one
}

var processStart = time.Now()

// now is monotonic, in ns: one clock read, where time.Now makes two.
func now() int64 {
	return int64(time.Since(processStart))
}

func printResult(metric string, value float64, unit string) {
	fmt.Printf("bench go %s %.1f %s\n", metric, value, unit)
}

// printRate prints how many of count happened in a second since begin.
func printRate(metric string, count uint64, begin int64) {
	printResult(metric, float64(count)/float64(now()-begin)*1e9, "1/s")
}

func giveUp(text string) {
	fmt.Fprintln(os.Stderr, "bench-go: "+text)
	os.Exit(1)
}

func checkTotal(what string, got, expected uint64) {
	if got != expected {
		giveUp(fmt.Sprintf("%s: %d messages were handled, not %d", what, got, expected))
	}
}

// scramble is a bijection of 64-bit numbers.
func scramble(number uint64) uint64 {
	number = (number ^ number>>33) * 0xff51afd7ed558ccd
	number = (number ^ number>>33) * 0xc4ceb9fe1a85ec53
	return number ^ number>>33
}

func quantile(sorted []int64, part float64) float64 {
	return float64(sorted[int(float64(len(sorted)-1)*part)])
}

func sortTimes(times []int64) {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
}

// resident is the memory of the process, in bytes.
func resident() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		giveUp("/proc/self/statm tells no memory")
	}
	pages, err := strconv.ParseUint(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		giveUp("/proc/self/statm tells no memory")
	}
	return pages * uint64(os.Getpagesize())
}

func usage() {
	fmt.Fprint(os.Stderr, "usage: bench-go version | NAME [SIZE]; names:")
	for _, each := range benchmarks {
		fmt.Fprint(os.Stderr, " ", each.name)
	}
	fmt.Fprintln(os.Stderr)
	os.Exit(2)
}

func main() {
	runtime.GOMAXPROCS(workers)
	if len(os.Args) < 2 || len(os.Args) > 3 {
		usage()
	}
	name := os.Args[1]
	if name == "version" {
		fmt.Println("version go", runtime.Version())
		return
	}
	for _, each := range benchmarks {
		if each.name != name {
			continue
		}
		if len(os.Args) == 3 {
			size, err := strconv.ParseUint(os.Args[2], 10, 64)
			if err != nil || size == 0 {
				usage()
			}
			each.size = size
		}
		each.run(each.size)
		return
	}
	fmt.Fprintf(os.Stderr, "bench-go: no benchmark %s here\n", name)
	os.Exit(3)
}
