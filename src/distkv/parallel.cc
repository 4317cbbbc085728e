#include "distkv/parallel.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <semaphore>
#include <vector>

#include "os/worker.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeat = 100ms;

struct Slot {
    std::unique_ptr<sim::RunReport> report;  // Written before `done`, read after it.
    std::atomic<bool> done = false;
};

// What the threads share.
struct Board {
    explicit Board(std::size_t count) : slots(count) {}

    std::vector<Slot> slots;
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> finished = 0;
    std::counting_semaphore<> news{0};
};

void work_off(Board& board, const ParallelRuns& runs) {
    for (;;) {
        const std::size_t index = board.next.fetch_add(1);
        if (index >= runs.count) {
            return;
        }
        Slot& slot = board.slots[index];
        slot.report = std::make_unique<sim::RunReport>(runs.run(index));
        board.finished.fetch_add(1);
        slot.done.store(true, std::memory_order_release);
        board.news.release();
    }
}

}  // namespace

void run_in_parallel(const ParallelRuns& runs) {
    Board board(runs.count);
    std::vector<std::unique_ptr<os::Worker>> workers;
    for (std::size_t i = 0; i < std::min(runs.jobs, runs.count); ++i) {
        workers.push_back(std::make_unique<os::Worker>());
        workers.back()->push([&] { work_off(board, runs); });
    }
    for (std::size_t taken = 0; taken < runs.count;) {
        static_cast<void>(board.news.try_acquire_for(kBeat));
        while (taken < runs.count && board.slots[taken].done.load(std::memory_order_acquire)) {
            runs.take(*board.slots[taken].report);
            board.slots[taken].report.reset();
            ++taken;
        }
        runs.beat(board.finished.load());
    }
}

std::size_t cores() {
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace distkv::distkv
