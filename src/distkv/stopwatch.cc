#include "distkv/stopwatch.h"

#include <chrono>

namespace distkv::distkv {
namespace {

time::Duration since_boot() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

Stopwatch::Stopwatch() : began_(since_boot()) {}

time::Duration Stopwatch::elapsed() const {
    return since_boot() - began_;
}

}  // namespace distkv::distkv
