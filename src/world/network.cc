#include "world/network.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::world {

std::string to_string(const Address& address) {
    return to_string(address.node) + "." + to_string(address.reactor);
}

void FrameQueue::grow() {
    constexpr std::size_t kSlotsMin = 16;
    std::vector<Frame> larger(std::max(kSlotsMin, 2 * slots_.size()));
    for (std::size_t i = 0; i < size_; ++i) {
        larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
    }
    slots_ = std::move(larger);
    first_ = 0;
}

void Inbox::expect_no_other_receiver() const {
    CHECK(receiver_.empty(), "two tasks receive from one network");
}

}  // namespace distkv::world
