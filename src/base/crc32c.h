// CRC-32C (Castagnoli), the checksum of every frame and record. Uses the processor's instruction
// where there is one, tables elsewhere; both give the same sum.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace distkv::base {

// Continues from `seed`: crc32c(b, crc32c(a)) == crc32c(a + b).
std::uint32_t crc32c(ByteView data, std::uint32_t seed = 0);

// The table version, always available, so that tests can hold the two against each other.
std::uint32_t crc32c_portable(ByteView data, std::uint32_t seed = 0);

}  // namespace distkv::base
