// The processes of `distkv bench raft`, and what they say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "distkv/bench_node.h"
#include "distkv/bench_raft.h"
#include "os/child.h"

namespace distkv::distkv {

class BenchCluster {
public:
    // Starts all nodes, in directories below `data`, and waits until they are ready.
    static base::Result<std::unique_ptr<BenchCluster>> start(const BenchRaft& options,
                                                             std::string data,
                                                             std::uint64_t poll_ms);

    base::Result<void> tell_all(const std::string& line);

    // Of all nodes that are up together; `led_by`, where given: how many groups each leads.
    base::Result<NodeStats> stats(std::vector<std::uint64_t>* led_by = nullptr);

    // Until `is_so` holds for all together.
    template <class Condition>
    base::Result<NodeStats> wait_until(time::Duration patience, const char* what, Condition is_so) {
        const time::MonoTime end = os::mono_now() + patience;
        for (;;) {
            NodeStats all = TRY(stats());
            if (is_so(all)) {
                return all;
            }
            if (os::mono_now() > end) {
                return base::fail(base::Errc::kRetry,
                                  std::string("after ") +
                                      std::to_string(patience.count() / 1'000'000'000) +
                                      " s there were not yet " + what);
            }
            rest(std::chrono::milliseconds(100));
        }
    }

    // How long until somebody else's first entry is committed, after the leader of group 1 is
    // killed in the middle of its work. The node comes back.
    base::Result<time::Duration> kill_leader();

    // Sum of what "wake" took, at the slowest node; how many groups.
    struct Woken {
        std::uint64_t groups = 0;
        time::Duration slowest{};
    };
    base::Result<Woken> wake_all();

    // Hears what nodes say by themselves meanwhile.
    void rest(time::Duration span);

private:
    BenchCluster(const BenchRaft& options, std::string data, std::uint64_t poll_ms)
        : options_(options), data_(std::move(data)), poll_ms_(poll_ms) {}

    base::Result<void> start_node(std::size_t index);
    base::Result<std::string> hear(std::size_t index, const std::string& begin,
                                   time::Duration patience);

    BenchRaft options_;
    std::string data_;
    std::uint64_t poll_ms_;
    std::vector<std::uint16_t> ports_;
    std::vector<std::unique_ptr<os::Child>> nodes_;
};

}  // namespace distkv::distkv
