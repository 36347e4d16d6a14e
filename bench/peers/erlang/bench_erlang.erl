%% bench_erlang.erl - benchmarks of Erlang/OTP. Usage: bench-erlang NAME [SIZE] | bench-erlang version
%%
%% A message is a tuple of an atom (its tag) and two integers; an actor is a process that receives in a tail-recursive
%% function, its state the arguments. Nothing is tuned but the limit of processes (+P) and the counter of fanin: as many
%% schedulers as processors, plain spawn, mailboxes unbounded. The directory of keyed actors is an ets table, groups are
%% those of pg, and who asks waits for the reference it sent along (the receive that the compiler makes fast).
%%
%% Ends with 0 when every message was handled, with 3 when there is no such benchmark.
-module(bench_erlang).
-export([main/1]).

-define(BIG_LEN, 120).
-define(RING_LEN, 503).
-define(SUBSCRIBER_COUNT, 1000).

rows() ->
    #{"pingpong" => {3000000, fun pingpong/1}, % round trips
      "count" => {8000000, fun count/1},       % messages
      "fanin" => {8000000, fun fanin/1},       % messages of all producers
      "ring" => {5000000, fun ring/1},         % hops
      "create" => {1000000, fun create/1},     % actors
      "idle" => {1000000, fun idle/1},         % actors
      "keyed" => {1000000, fun keyed/1},       % keys
      "big" => {30000, fun big/1},             % pings of each
      "pubsub" => {5000, fun pubsub/1},        % events
      "ask" => {1000000, fun ask/1}}.          % requests

main(["version"]) ->
    io:format("version erlang Erlang/OTP ~s (erts ~s, ~s)~n",
              [otp_version(), erlang:system_info(version), erlang:system_info(emu_flavor)]);
main([Name]) ->
    {Size, Run} = row(Name),
    Run(Size);
main([Name, Text]) ->
    {_, Run} = row(Name),
    case string:to_integer(Text) of
        {Size, ""} when Size > 0 -> Run(Size);
        _ -> give_up(2, "~s: the size is a number above 0", [Text])
    end;
main(_) ->
    io:format(standard_error, "usage: bench-erlang NAME [SIZE] | bench-erlang version~n", []),
    halt(2).

row(Name) ->
    case rows() of
        #{Name := Row} -> Row;
        _ -> give_up(3, "there is no benchmark ~s for Erlang", [Name])
    end.

%% --- pingpong, ring: one message, from actor to actor ---------------------------------------------------------------

pingpong(Size) ->
    Time = time_hops(2 * Size, 2),
    print("pingpong.one_way", Time / (2 * Size), "ns"),
    print_rate("pingpong.messages", 2 * Size, Time).

ring(Size) ->
    print_rate("ring.hops", Size, time_hops(Size, ?RING_LEN)).

%% ns for that many hops in a ring of that many actors.
time_hops(Hops, Count) ->
    Referee = self(),
    Players = [spawn(fun() -> player_join(Referee) end) || _ <- lists:seq(1, Count)],
    [First | Others] = Players,
    lists:foreach(fun({Player, Next}) -> Player ! {join, Next} end, lists:zip(Players, Others ++ [First])),
    Begin = now_ns(),
    First ! {ball, Hops, 0},
    check_total("hops", receive_done(), Hops),
    now_ns() - Begin.

player_join(Referee) ->
    receive
        {join, Next} -> player(Next, Referee)
    end.

player(Next, Referee) ->
    receive
        {ball, 0, Seen} ->
            Referee ! {done, Seen};
        {ball, Left, Seen} ->
            Next ! {ball, Left - 1, Seen + 1},
            player(Next, Referee)
    end.

%% --- count, fanin: producers and one counter ------------------------------------------------------------------------

count(Size) ->
    produce("count.messages", Size, 1, on_heap).

%% off_heap, as its manual advises where many send to one: twice as fast here, and slower with one producer.
fanin(Size) ->
    produce("fanin.messages", Size, 8, off_heap).

%% Order is kept between two processes, so the answer to whoever asks last has everything in it.
produce(Metric, Size, ProducerCount, Queue) ->
    Referee = self(),
    Each = Size div ProducerCount,
    Begin = now_ns(),
    Counter = spawn_opt(fun() -> counter(0) end, [{message_queue_data, Queue}]),
    Produce = fun() -> send_all(Counter, Each), Referee ! {done, call(Counter, total, 0)} end,
    [spawn(Produce) || _ <- lists:seq(1, ProducerCount)],
    Total = lists:max([receive_done() || _ <- lists:seq(1, ProducerCount)]),
    Time = now_ns() - Begin,
    check_total(Metric, Total, Each * ProducerCount),
    print_rate(Metric, Total, Time).

send_all(_, 0) ->
    ok;
send_all(Counter, Left) ->
    Counter ! {add, 1, Left},
    send_all(Counter, Left - 1).

counter(Total) ->
    receive
        {add, By, _} ->
            counter(Total + By);
        {total, From, Reference, _} ->
            From ! {Reference, Total, 0},
            counter(Total)
    end.

%% --- big: everybody pings random others -----------------------------------------------------------------------------

big(Size) ->
    Referee = self(),
    Start = fun(Number) -> spawn(fun() -> member_join(Number, Size, Referee) end) end,
    Members = [Start(Number) || Number <- lists:seq(1, ?BIG_LEN)],
    All = list_to_tuple(Members),
    Begin = now_ns(),
    [Member ! {join, All} || Member <- Members],
    [receive_done() || _ <- Members],
    Time = now_ns() - Begin,
    [Member ! {total, 0, 0} || Member <- Members],
    Total = lists:sum([receive_done() || _ <- Members]),
    check_total("big", Total, 2 * Size * ?BIG_LEN),
    print_rate("big.messages", Total, Time).

%% Others may ping before: these messages wait.
member_join(Number, Pings, Referee) ->
    receive
        {join, All} ->
            Random = ping_other(Number, All, Pings, rand:mwc59_seed(Number), Referee),
            member(Number, All, Random, Pings - 1, 0, Referee)
    end.

member(Number, All, Random, Left, Handled, Referee) ->
    receive
        {ping, From, Value} ->
            element(From, All) ! {pong, Number, Value},
            member(Number, All, Random, Left, Handled + 1, Referee);
        {pong, _, _} ->
            Next = ping_other(Number, All, Left, Random, Referee),
            member(Number, All, Next, Left - 1, Handled + 1, Referee);
        {total, _, _} ->
            Referee ! {done, Handled}
    end.

ping_other(_, _, 0, Random, Referee) ->
    Referee ! {done, 0},
    Random;
ping_other(Number, All, Left, Random, _) ->
    Next = rand:mwc59(Random),
    Other = case Next rem (?BIG_LEN - 1) + 1 of
                Number -> ?BIG_LEN;
                To -> To
            end,
    element(Other, All) ! {ping, Number, Left},
    Next.

%% --- pubsub: one message, a thousand receivers ----------------------------------------------------------------------

pubsub(Size) ->
    Referee = self(),
    {ok, _} = pg:start_link(),
    Subscribers = [spawn(fun() -> subscriber(0, Referee) end) || _ <- lists:seq(1, ?SUBSCRIBER_COUNT)],
    ok = pg:join(news, Subscribers),
    Begin = now_ns(),
    spawn(fun() -> publish(Size) end),
    Total = lists:sum([receive_done() || _ <- Subscribers]),
    Time = now_ns() - Begin,
    check_total("pubsub", Total, Size * ?SUBSCRIBER_COUNT),
    print_rate("pubsub.deliveries", Total, Time).

publish(0) ->
    send_group({total, 0, 0});
publish(Left) ->
    send_group({event, Left, 1}),
    publish(Left - 1).

send_group(Message) ->
    lists:foreach(fun(Member) -> Member ! Message end, pg:get_local_members(news)).

subscriber(Seen, Referee) ->
    receive
        {event, _, Value} -> subscriber(Seen + Value, Referee);
        {total, _, _} -> Referee ! {done, Seen}
    end.

%% --- ask: an actor asks another -------------------------------------------------------------------------------------

ask(Size) ->
    Referee = self(),
    Responder = spawn(fun() -> responder(0) end),
    Begin = now_ns(),
    spawn(fun() -> Referee ! {asked, ask_all(Responder, Size, now_ns(), [], 0)} end),
    {Times, Total} = receive {asked, Result} -> Result end,
    Time = now_ns() - Begin,
    check_total("ask", Total, Size),
    Sorted = list_to_tuple(lists:sort(Times)),
    print("ask.p50", element(Size div 2 + 1, Sorted), "ns"),
    print("ask.p99", element(Size - Size div 100, Sorted), "ns"),
    print_rate("ask.requests", Size, Time).

%% The clock is read once for each request: an answer's time is the next request's beginning.
ask_all(_, 0, _, Times, Total) ->
    {Times, Total};
ask_all(Responder, Left, Begin, Times, _) ->
    Total = call(Responder, asking, 1),
    End = now_ns(),
    ask_all(Responder, Left - 1, End, [End - Begin | Times], Total).

responder(Seen) ->
    receive
        {asking, From, Reference, Value} ->
            From ! {Reference, Seen + Value, Value},
            responder(Seen + Value)
    end.

call(To, Tag, Value) ->
    Reference = make_ref(),
    To ! {Tag, self(), Reference, Value},
    receive
        {Reference, Answer, _} -> Answer
    end.

%% --- create, idle, keyed: actors that come to life by their first message -------------------------------------------

create(Size) ->
    Tally = tally(Size),
    Begin = now_ns(),
    spawn(fun() -> create_all(Size, Tally) end),
    check_total("create", receive_done(), Size),
    print_rate("create.actors", Size, now_ns() - Begin).

create_all(0, _) ->
    ok;
create_all(Left, Tally) ->
    Mayfly = spawn(fun() -> receive {touch, _, _} -> handled_one(Tally) end end),
    Mayfly ! {touch, Left, Left},
    create_all(Left - 1, Tally).

idle(Size) ->
    Tally = tally(Size),
    Before = resident(),
    Directory = ets:new(directory, [public]),
    spawn(fun() -> touch_each(Directory, Size, Size, 1, 0, Tally) end),
    check_total("idle", receive_done(), Size),
    print("idle.actor", (resident() - Before) / Size, "bytes").

keyed(Size) ->
    Tally = tally(Size),
    Directory = ets:new(directory, [public]),
    Begin = now_ns(),
    spawn(fun() -> touch_each(Directory, Size, Size, step(Size, Size div 1000 * 618 + 1), 0, Tally) end),
    check_total("keyed", receive_done(), Size),
    Middle = now_ns(),
    print_rate("keyed1.messages", Size, Middle - Begin),
    spawn(fun() -> touch_random(Directory, Size, Size, rand:mwc59_seed(1), Tally) end),
    check_total("keyed", receive_done(), 2 * Size),
    print_rate("keyed2.messages", Size, now_ns() - Middle).

%% With a step that has no divisor in common with the count each key comes once.
step(Count, Step) ->
    case gcd(Step, Count) of
        1 -> Step;
        _ -> step(Count, Step + 1)
    end.

gcd(A, 0) -> A;
gcd(A, B) -> gcd(B, A rem B).

touch_each(_, _, 0, _, _, _) ->
    ok;
touch_each(Directory, Size, Left, Step, Key, Tally) ->
    touch(Directory, Key, Left, Tally),
    touch_each(Directory, Size, Left - 1, Step, (Key + Step) rem Size, Tally).

touch_random(_, _, 0, _, _) ->
    ok;
touch_random(Directory, Size, Left, Random, Tally) ->
    Next = rand:mwc59(Random),
    touch(Directory, Next rem Size, Left, Tally),
    touch_random(Directory, Size, Left - 1, Next, Tally).

touch(Directory, Key, Value, Tally) ->
    Idler = case ets:lookup(Directory, Key) of
                [{_, Found}] ->
                    Found;
                [] ->
                    Made = spawn(fun() -> idler(0, 0, Tally) end),
                    ets:insert(Directory, {Key, Made}),
                    Made
            end,
    Idler ! {touch, Key, Value}.

%% Two words of state.
idler(Count, Sum, Tally) ->
    receive
        {touch, _, Value} ->
            handled_one(Tally),
            idler(Count + 1, Sum + Value, Tally)
    end.

%% Messages handled; whoever handles the last of each Size tells the referee.
tally(Size) ->
    {atomics:new(1, []), Size, self()}.

handled_one({Handled, Size, Referee}) ->
    case atomics:add_get(Handled, 1, 1) of
        Count when Count rem Size =:= 0 -> Referee ! {done, Count};
        _ -> ok
    end.

%% --- clock, memory, and the lines printed ---------------------------------------------------------------------------

now_ns() ->
    erlang:monotonic_time(nanosecond).

receive_done() ->
    receive
        {done, Total} -> Total
    end.

%% Resident bytes of the process.
resident() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [KiB]} = re:run(Status, "VmRSS:\\s*(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(KiB) * 1024.

otp_version() ->
    Release = erlang:system_info(otp_release),
    case file:read_file(filename:join([code:root_dir(), "releases", Release, "OTP_VERSION"])) of
        {ok, Version} -> string:trim(Version);
        _ -> Release
    end.

check_total(_, Total, Total) ->
    ok;
check_total(What, Got, Expected) ->
    give_up(1, "~s: ~b handled, ~b expected", [What, Got, Expected]).

print(Metric, Value, Unit) ->
    Decimals = if Value < 1000 -> 1; true -> 0 end,
    io:format("bench erlang ~s ~s ~s~n", [Metric, float_to_list(float(Value), [{decimals, Decimals}]), Unit]).

print_rate(Metric, Count, Time) ->
    print(Metric, Count / Time * 1.0e9, "1/s").

-spec give_up(1..3, string(), [term()]) -> no_return().
give_up(Status, Format, Arguments) ->
    io:format(standard_error, "bench-erlang: " ++ Format ++ "~n", Arguments),
    halt(Status).
