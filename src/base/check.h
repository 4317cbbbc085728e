// CHECK states what our own code promises. It stays on in release builds: a process that has lost
// an invariant must stop before it acknowledges anything more, and recovery from the log is the
// tested path. Never CHECK bytes from a disk, a wire or a user; those get a Result.
#pragma once

#include <string_view>

namespace distkv::base {

[[noreturn]] void check_failed(std::string_view condition, std::string_view detail,
                               std::string_view file, int line);

}  // namespace distkv::base

#define CHECK(condition, ...)                                                            \
    do {                                                                                 \
        if (!(condition)) [[unlikely]] {                                                 \
            ::distkv::base::check_failed(#condition, {__VA_ARGS__}, __FILE__, __LINE__); \
        }                                                                                \
    } while (false)
