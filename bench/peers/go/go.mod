module edacious/bench/peers/go

go 1.19
