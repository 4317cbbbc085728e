// The type of every key, value and frame.
#pragma once

#include <string>
#include <string_view>

namespace distkv::base {

// Bytes of a key, a value, a frame. A std::string because short keys then live inside the object
// without an allocation, and because every storage and socket interface takes one.
using Bytes = std::string;
using ByteView = std::string_view;

}  // namespace distkv::base
