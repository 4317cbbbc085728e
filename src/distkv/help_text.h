// What `--help` teaches beside the list of options: what a verb is for, and commands to try.
#pragma once

#include <string_view>

namespace distkv::distkv::help {

inline constexpr std::string_view kVersion = "0.1.0";

inline constexpr std::string_view kProgram =
    "DistKV, a database that spans continents, and the planet that it is tested on.";
inline constexpr std::string_view kProgramExamples =
    R"(Try:
  distkv sim demo                              twelve cities in trouble, told in a few seconds
  distkv physics us-east eu-west asia-pac      what distance costs, and the timeouts it asks for
  distkv clock                                 what time it is, and how surely
  distkv help sim gossip                       more about one verb)";

inline constexpr std::string_view kSim =
    "A simulated planet: nodes in cities, with the weather that real ones have: cut cables, wrong "
    "clocks, failing disks, lost power. The same seed gives the same run, to the last byte.";
inline constexpr std::string_view kSimExamples =
    R"(Scenarios:
  gossip    nodes in up to twelve cities learn the time from each other, and who is wrong
  raft      replicated groups with logs, disks, clients, and members that come and go
  demo      a short run of gossip, told as it goes

Try:
  distkv sim demo
  distkv sim raft --voters 5 --seed 7 --for 10m
  distkv sim gossip --nodes 12 --seed 7 --for 10m
  distkv sim gossip --seeds 100 --for 60s)";

inline constexpr std::string_view kGossip =
    "Nodes exchange stamped messages under faults, and a checker that knows the truth holds them "
    "to their promises: stamps respect cause and effect, clocks that are wrong are named, and "
    "those that are right never are. Exit code 1 on any violation.";
inline constexpr std::string_view kGossipExamples =
    R"(Try:
  distkv sim gossip --nodes 12 --seed 7 --for 10m      one run, and its trace hash
  distkv sim gossip --seeds 2000 --for 60s             a swarm: seeds 1 to 2000
  distkv sim gossip --seeds 200 --strict --json        for a test: also fails when a kind of fault
                                                       never fired; the last line is the summary
  distkv sim gossip --seed 7 --for 10s --trace t.txt   every event of one run, to compare two)";

inline constexpr std::string_view kRaftSim =
    "One to three groups on as many nodes as they have voters, and two that stand by. Clients read "
    "and write registers in every way there is, a director moves members about, the weather does "
    "its worst. After every event a judge with all replicas in sight holds them to Raft's promises "
    "(one leader a term; what is committed is durable, and stays; the same states everywhere), and "
    "in the end what clients saw must be linearizable, and groups that can work must have done so. "
    "Exit code 1 on any violation.";
inline constexpr std::string_view kRaftSimExamples =
    R"(Try:
  distkv sim raft --voters 5 --seed 7 --for 10m        one long run
  distkv sim raft --voters 3 --seeds 1000 --for 60s    a swarm: seeds 1 to 1000
  distkv sim raft --seed 7 --trace story.ndjson        each message, each change of a replica)";

inline constexpr std::string_view kBench =
    "Real processes, sockets and disks, and what they manage on this machine. Absolute figures "
    "mean "
    "little without the machine beside them.";
inline constexpr std::string_view kBenchExamples =
    R"(Try:
  distkv bench raft
  distkv bench raft --groups 64 --clients 256 --size 1024)";

inline constexpr std::string_view kBenchRaft =
    "Starts nodes as processes on the loopback, each with a log on this disk and a replica of "
    "every "
    "group. Clients in the process that leads a group propose one entry at a time; an entry counts "
    "when a majority has synced it and the leader has applied it.";
inline constexpr std::string_view kBenchRaftExamples =
    R"(Try:
  distkv bench raft                                  one group, 256 clients, 1 KiB entries
  distkv bench raft --groups 64                      as many clients, over 64 groups
  distkv bench raft --groups 1000 --idle             groups that sleep, then all woken at once
  distkv bench raft --kills 50                       the leader killed fifty times)";

inline constexpr std::string_view kDemo =
    "A short run of gossip for the eye: where the nodes are, how wrong their clocks, what befell "
    "them, and what came of it.";

inline constexpr std::string_view kDemoExamples =
    R"(Try:
  distkv sim demo
  distkv sim demo --seed 8)";

inline constexpr std::string_view kPhysics =
    "What distance costs: how long light needs between places, the round trips to expect, and "
    "the timeouts that follow. A place is a region or city known by name (us-east, eu-west, "
    "asia-pac, frankfurt, sydney) or degrees as lat,lon.";
inline constexpr std::string_view kPhysicsExamples =
    R"(Try:
  distkv physics us-east eu-west asia-pac
  distkv physics us-east eu-west asia-pac --cut us-east-eu-west     without that cable
  distkv physics frankfurt 52.52,13.40 --route-factor 1.6           better cables
  distkv physics budget docs/examples/budget.toml                   can these timeouts be kept?
  distkv physics cone A B                                           could A have caused B?)";

inline constexpr std::string_view kBudget =
    "Can the timeouts of a tree of services be kept? A timeout below what light and processing "
    "need is impossible; one that leaves no buffer is tight. Exit code 1 unless all are "
    "compliant, with the arithmetic of each that is not.";
inline constexpr std::string_view kBudgetExamples =
    R"(The file is TOML (docs/examples/budget.toml explains each line):

  patience = "2s"                # how long people wait; default 30s
  safety = 2.0                   # timeouts should be this many times what is needed
  child_percent_max = 95         # the share of its time that a service may give away
  client = "us-east-2"           # where requests come from; default: beside the root

  [services.web]                 # the one that nobody calls is the root
  region = "us-east"             # a name, or "lat,lon"
  processing = "20ms"            # its own work
  calls = ["orders"]             # each service is called by one other
  parallel = true                # calls them all at once; default: one after the other

  [services.orders]
  region = "eu-west"
  processing = "15ms"
  timeout = "300ms"              # what its caller waits; none: one is suggested

Try:
  distkv physics budget docs/examples/budget.toml)";

inline constexpr std::string_view kCone =
    "Two events, each as place@time, in UTC, with the uncertainty of its clock. Timelike: light "
    "had the time to go from one to the other, so the earlier may have caused the later. "
    "Spacelike: it had not, so neither can have. Unknown: the clocks are not good enough to say.";
inline constexpr std::string_view kConeExamples =
    R"(Try:
  distkv physics cone us-east@2026-11-20T10:15:00Z±5ms tokyo@2026-11-20T10:15:00.080Z
  distkv physics cone us-east@2026-11-20T10:15:00Z+-5ms eu-west@2026-11-20T10:15:00.010Z+-5ms)";

inline constexpr std::string_view kClock =
    "What time it is on this machine, as an interval that holds the true time, and who vouches for "
    "it: a ClockBound segment, else chrony, else a bound that you declare. Exit code 1 when "
    "nobody can be trusted.";
inline constexpr std::string_view kClockExamples =
    R"(Try:
  distkv clock
  distkv clock --declared 50ms     I answer for 50 ms
  distkv clock --limit 10ms        and would not accept more than 10 ms)";

inline constexpr std::string_view kLog =
    "The shared log of a node: what every group on it has promised and not yet forgotten. Looks at "
    "the files of a node that does not run, and changes nothing. Exit code 1 when acknowledged "
    "records are damaged, with their group and range.";
inline constexpr std::string_view kLogExamples =
    R"(Try:
  distkv log verify /var/lib/distkv             is it whole?
  distkv log dump /var/lib/distkv --group 7     every record of group 7, without users' data)";

inline constexpr std::string_view kStore =
    "The store of a node: RocksDB's files. Looks at those of a node that does not run, and changes "
    "nothing. Exit code 1 when something is damaged, with the file.";
inline constexpr std::string_view kStoreExamples =
    R"(Try:
  distkv store verify /var/lib/distkv/store     every checksum of every file
  distkv store stats /var/lib/distkv/store      files, levels, sizes)";

inline constexpr std::string_view kRaft =
    "The consensus of one group on a bench: the very core that a node runs, without its disk, "
    "network and clock. Those do what you say.";
inline constexpr std::string_view kRaftExamples =
    R"(Try:
  printf 'cores 3\nelect n1\npropose n1 x=1\ndeliver all\n' | distkv raft replay -
  distkv help raft replay                       the language)";

inline constexpr std::string_view kReplay =
    "Does what the lines of a file say to a group of consensus cores, and prints after each line "
    "one JSON object per core: id, role, term, vote, leader, commit, first, last, terms, voters, "
    "learners. Nothing happens by itself: time passes by tick, messages wait until they are "
    "delivered. The same lines give the same output, always. Exit code 2 and the number of the "
    "line when one is wrong.";
inline constexpr std::string_view kReplayExamples =
    R"(The language (docs/raft-replay.md has an example of each; # begins a comment):

  begin      cores 3 | voters 1 2 3w 4@2^5 learners 5 regions-min 2    w: a witness, @: its region,
             set election 150 300 (before that)                        ^: its priority
  time       tick n1 30 | tick all 5    a tick is 10 ms, and those that are named look at the clock
             wait 30 | run 40           nobody looks | all do, and hear all after each tick
  elections  campaign n1 | elect n1 | transfer n1 n2 | forget n2
  clients    propose n1 x=1 | read n1 lease | read n2 index | read n3 quorum | ceiling n1 1000
  messages   deliver all | deliver n1->n2 append 1 | copy n1->n2 | drop *->n3 | mail
             partition 1 | 2 3  ,  cut n1->n2  ,  heal
  members    change n1 add 4 remove 2 | change n1 add-learner 5 joint stay | change n1 leave
  storage    hold n1 | persist n1 1 | refuse n1 | release n1 | again n1 3 | compact n1 5
             hold-apply n1 | apply n1 (release ends both kinds)
  failures   crash n1 | restart n1 | damage n1 3 4 | lose-disk n1
  sleep      sleep n1 | wake n2 | contact n1 n2
  quiet      before any of them: leave what happens out of the trace

Try:
  printf 'cores 3\nelect n1\npropose n1 x=1\ndeliver all\n' | distkv raft replay -
  printf 'cores 3\ntick n1 30\ndeliver all\n' | distkv raft replay - --trace)";

}  // namespace distkv::distkv::help
