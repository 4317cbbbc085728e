// Tasks, scopes, signals, queues and deadlines under a scheduler whose time the tests move by hand.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mutant.h"
#include "base/result.h"
#include "world/deadline.h"
#include "world/queue.h"
#include "world/scope.h"
#include "world/signal.h"

namespace distkv::world {
namespace {

using base::Errc;
using base::Result;
using namespace std::chrono_literals;

// A scheduler and its clock.
struct Bench {
    Scheduler scheduler;
    time::MonoTime now{};
    int objects_alive = 0;

    struct Sleep {
        Bench& bench;
        time::Duration span;
        Timer timer{};

        static bool await_ready() { return false; }
        template <class P>
        void await_suspend(std::coroutine_handle<P> waiting) {
            timer.capture(waiting);
            bench.scheduler.arm(timer, bench.now + span);
        }
        static void await_resume() {}
    };
    Sleep sleep(time::Duration span) { return {*this, span, {}}; }

    // One resumption, letting time pass when nothing is ready. False when nothing is left to do.
    bool step() {
        if (!scheduler.has_ready()) {
            const auto due = scheduler.next_due();
            if (!due) {
                return false;
            }
            now = std::max(now, *due);
            scheduler.fire_timers(now);
        }
        return scheduler.run_one();
    }
    void run() {
        while (step()) {
        }
    }
};

// Something that a task holds: must be gone when the task is.
struct Held {
    explicit Held(Bench& owner) : bench(owner) { ++bench.objects_alive; }
    Held(Held&& other) noexcept : bench(other.bench) { ++bench.objects_alive; }
    ~Held() { --bench.objects_alive; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    Held& operator=(Held&&) = delete;

    Bench& bench;
};

Task<Result<int>> half(Bench& bench, int number) {
    const Held held(bench);
    co_await bench.sleep(1ms);
    if (number % 2 != 0) {
        co_return base::fail(Errc::kInvalid, std::to_string(number) + " is odd");
    }
    co_return number / 2;
}

Task<Result<int>> quarter(Bench& bench, int number) {
    const Held held(bench);
    // Nested, so that temporaries of one live across the waiting of the other.
    co_return CO_TRY(co_await half(bench, CO_TRY(co_await half(bench, number))));
}

TEST(Task, ResultsAndErrorsTravelUpThroughCoTry) {
    Bench bench;
    Scope scope(bench.scheduler);
    std::vector<std::string> seen;
    scope.spawn("test", [](Bench& b, std::vector<std::string>& out) -> Task<void> {
        for (const int number : {8, 6, 5}) {
            const Result<int> result = co_await quarter(b, number);
            out.push_back(result ? std::to_string(*result) : to_string(result.error()));
        }
    }(bench, seen));
    bench.run();
    EXPECT_EQ(seen, (std::vector<std::string>{"2", "invalid: 3 is odd", "invalid: 5 is odd"}));
    EXPECT_EQ(bench.objects_alive, 0);
}

TEST(Task, MoveOnlyValuesAndDeepChains) {
    Bench bench;
    Scope scope(bench.scheduler);
    struct Chain {
        static Task<std::unique_ptr<int>> down(int depth) {
            if (depth == 0) {
                co_return std::make_unique<int>(0);
            }
            auto below = co_await down(depth - 1);
            ++*below;
            co_return below;
        }
    };
    int reached = 0;
    scope.spawn("chain",
                [](int& out) -> Task<void> { out = *co_await Chain::down(20'000); }(reached));
    bench.run();
    EXPECT_EQ(reached, 20'000) << "a completed task must not grow the stack of its awaiter";
}

// Everything that can wait, together: cancelled after every possible number of steps, it must leave
// nothing behind.
Task<void> busy_producer(Bench& bench, Queue<int>& queue, Signal& signal) {
    const Held held(bench);
    for (int i = 0; i < 6; ++i) {
        co_await queue.push(i);
        co_await bench.sleep(3ms);
        signal.wake_all();
    }
}

Task<void> busy_consumer(Bench& bench, Queue<int>& queue, Signal& signal) {
    const Held held(bench);
    for (int i = 0; i < 3; ++i) {
        const int item = co_await queue.pop();
        const time::MonoTime due = bench.now + time::Duration(2ms) * (item % 3);
        static_cast<void>(co_await with_deadline(bench.scheduler, due, quarter(bench, 4 * item)));
        co_await signal.wait();
    }
}

Task<void> busy_parent(Bench& bench) {
    const Held held(bench);
    Queue<int> queue(bench.scheduler, 2);
    Signal signal(bench.scheduler);
    Scope children(bench.scheduler);
    children.spawn("producer", busy_producer(bench, queue, signal));
    children.spawn("consumer", busy_consumer(bench, queue, signal));
    children.spawn("consumer", busy_consumer(bench, queue, signal));
    co_await bench.sleep(7ms);
    {
        Scope brief(bench.scheduler);
        brief.spawn("producer", busy_producer(bench, queue, signal));
        co_await bench.sleep(4ms);
    }
    co_await children.join();
}

TEST(Scope, CancellingAfterAnyStepLeavesNothingBehind) {
    for (int steps = 0;; ++steps) {
        Bench bench;
        bool ended = false;
        {
            Scope scope(bench.scheduler);
            scope.spawn("parent", busy_parent(bench));
            for (int i = 0; i < steps && !ended; ++i) {
                ended = !bench.step();
            }
        }
        ASSERT_EQ(bench.scheduler.census(), (Scheduler::Census{0, 0})) << steps << " steps";
        ASSERT_EQ(bench.objects_alive, 0) << steps << " steps";
        ASSERT_FALSE(bench.scheduler.has_ready()) << steps << " steps";
        if (ended) {
            EXPECT_GT(steps, 30) << "the program was meant to be long";
            return;
        }
    }
}

#if DISTKV_MUTANTS
TEST(Scope, TheCensusNoticesATimerThatCancellingLeaks) {
    const base::PlantedBug bug("cancel_leaks_timer");
    Bench bench;
    {
        Scope scope(bench.scheduler);
        scope.spawn("parent", busy_parent(bench));
        bench.step();
        bench.step();
        bench.step();
        bench.step();
    }
    EXPECT_NE(bench.scheduler.census(), (Scheduler::Census{0, 0}));
}
#endif

TEST(Scope, ATaskThatCancelsItsOwnScopeRunsUntilItNextWaits) {
    Bench bench;
    Scope scope(bench.scheduler);
    std::vector<std::string> seen;
    scope.spawn("self", [](Bench& b, Scope& own, std::vector<std::string>& out) -> Task<void> {
        const Held held(b);
        own.cancel();
        out.emplace_back("still here");
        co_await b.sleep(1ms);
        out.emplace_back("never");
    }(bench, scope, seen));
    scope.spawn("sibling", [](Bench& b, std::vector<std::string>& out) -> Task<void> {
        out.emplace_back("never either");
        co_await b.sleep(1ms);
    }(bench, seen));
    bench.run();
    EXPECT_EQ(seen, std::vector<std::string>{"still here"});
    EXPECT_EQ(scope.size(), 0U);
    EXPECT_EQ(bench.objects_alive, 0);
}

TEST(Scope, AGrandchildMayCancelItsGrandparent) {
    Bench bench;
    Scope top(bench.scheduler);
    top.spawn("parent", [](Bench& b, Scope& above) -> Task<void> {
        const Held held(b);
        Scope inner(b.scheduler);
        inner.spawn("child", [](Bench& c, Scope& grand) -> Task<void> {
            const Held mine(c);
            co_await c.sleep(1ms);
            grand.cancel();
            co_await c.sleep(1ms);
        }(b, above));
        co_await inner.join();
    }(bench, top));
    bench.run();
    EXPECT_EQ(top.size(), 0U);
    EXPECT_EQ(bench.objects_alive, 0);
    EXPECT_EQ(bench.scheduler.census(), (Scheduler::Census{0, 0}));
}

TEST(Scope, CanBeUsedAgainAfterACancel) {
    Bench bench;
    Scope scope(bench.scheduler);
    int runs = 0;
    const auto count = [](int& out) -> Task<void> {
        ++out;
        co_return;
    };
    scope.spawn("first", count(runs));
    scope.cancel();
    bench.run();
    EXPECT_EQ(runs, 0);
    scope.spawn("second", count(runs));
    bench.run();
    EXPECT_EQ(runs, 1);
}

TEST(Scope, ThatEndsWhileOthersJoinItLetsThemGoOn) {
    for (const bool cancel_joiners : {false, true}) {
        Bench bench;
        std::optional<Scope> ending(std::in_place, bench.scheduler);
        std::optional<Scope> joiners(std::in_place, bench.scheduler);
        int joined = 0;
        ending->spawn("long", [](Bench& b) -> Task<void> { co_await b.sleep(1h); }(bench));
        const auto join = [](Scope& other, int& out) -> Task<void> {
            co_await other.join();
            ++out;
        };
        joiners->spawn("one", join(*ending, joined));
        joiners->spawn("two", join(*ending, joined));
        while (bench.scheduler.run_one()) {
        }
        ending.reset();
        if (cancel_joiners) {  // Woken, and gone before they run.
            joiners.reset();
        }
        bench.run();
        EXPECT_EQ(joined, cancel_joiners ? 0 : 2);
        EXPECT_EQ(bench.scheduler.census(), (Scheduler::Census{0, 0}));
    }
}

TEST(Signal, AWakeUpOfACancelledTaskPassesToTheNext) {
    Bench bench;
    Signal signal(bench.scheduler);
    std::optional<Scope> first(std::in_place, bench.scheduler);
    Scope second(bench.scheduler);
    int woken = 0;
    const auto wait = [](Signal& s, int& out) -> Task<void> {
        co_await s.wait();
        ++out;
    };
    first->spawn("first", wait(signal, woken));
    bench.run();
    second.spawn("second", wait(signal, woken));
    bench.run();
    signal.wake_one();  // Meant for the first, which is gone before it runs.
    first.reset();
    bench.run();
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(second.size(), 0U);
}

TEST(Queue, KeepsOrderAndItsBound) {
    Bench bench;
    Queue<int> queue(bench.scheduler, 3);
    Scope scope(bench.scheduler);
    std::vector<int> seen;
    std::size_t most = 0;
    scope.spawn("push", [](Queue<int>& q, std::size_t& high) -> Task<void> {
        for (int i = 0; i < 100; ++i) {
            co_await q.push(i);
            high = std::max(high, q.size());
        }
    }(queue, most));
    scope.spawn("pop", [](Bench& b, Queue<int>& q, std::vector<int>& out) -> Task<void> {
        while (out.size() < 100) {
            out.push_back(co_await q.pop());
            co_await b.sleep(1ms);
        }
    }(bench, queue, seen));
    bench.run();
    ASSERT_EQ(seen.size(), 100U);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
    }
    EXPECT_EQ(most, 3U);
}

// What a task that takes `work_ms` answers under a deadline after `due_ms`.
std::string outcome(int work_ms, int due_ms) {
    Bench bench;
    Scope scope(bench.scheduler);
    std::string answer;
    const auto work = [](Bench& b, int ms) -> Task<Result<int>> {
        const Held held(b);
        co_await b.sleep(1ms * ms);
        co_return ms;
    };
    const auto ask = [&work](Bench& b, int w, int d, std::string& out) -> Task<void> {
        const auto result = co_await with_deadline(b.scheduler, b.now + 1ms * d, work(b, w));
        out = result ? "done" : std::string(base::name_of(result.error().code));
    };
    scope.spawn("ask", ask(bench, work_ms, due_ms, answer));
    bench.run();
    EXPECT_EQ(bench.objects_alive, 0);
    EXPECT_EQ(bench.scheduler.census(), (Scheduler::Census{0, 0}));
    return answer;
}

TEST(Deadline, InTimeTooLateAndBothAtOnce) {
    EXPECT_EQ(outcome(1, 5), "done");
    EXPECT_EQ(outcome(5, 1), "unknown outcome") << "late is not failed";
    EXPECT_EQ(outcome(3, 3), "unknown outcome") << "the deadline was set first";
    EXPECT_EQ(outcome(0, 0), "unknown outcome");
}

TEST(Scheduler, DisorderIsTheSameForTheSameSeed) {
    const auto order = [](std::uint64_t seed) {
        base::Rng rng(seed);
        Scheduler scheduler(&rng);
        Scope scope(scheduler);
        std::vector<int> seen;
        for (int i = 0; i < 20; ++i) {
            scope.spawn("one", [](int number, std::vector<int>& out) -> Task<void> {
                out.push_back(number);
                co_return;
            }(i, seen));
        }
        while (scheduler.run_one()) {
        }
        return seen;
    };
    EXPECT_EQ(order(1), order(1));
    EXPECT_NE(order(1), order(2));
}

using TaskDeath = testing::Test;

TEST(TaskDeath, AwaitingTwiceAndOutlivingTheSchedulerStopTheProcess) {
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_DEATH(
        {
            Bench bench;
            Scope scope(bench.scheduler);
            scope.spawn("twice", [](Bench& b) -> Task<void> {
                auto task = half(b, 2);
                static_cast<void>(co_await std::move(task));
                static_cast<void>(co_await std::move(task));
            }(bench));
            bench.run();
        },
        "CHECK failed");
    EXPECT_DEATH(
        {
            auto bench = std::make_unique<Bench>();
            Scope scope(bench->scheduler);
            scope.spawn("left", [](Bench& b) -> Task<void> { co_await b.sleep(1ms); }(*bench));
            bench.reset();
        },
        "outlived its scheduler");
}

}  // namespace
}  // namespace distkv::world
