#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace distkv::base {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, bits reversed.

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
        }
        table[byte] = crc;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_instruction(ByteView data,
                                                                   std::uint32_t seed) {
    std::uint64_t crc = ~seed;
    while (data.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, data.data(), sizeof word);
        crc = _mm_crc32_u64(crc, word);
        data.remove_prefix(sizeof word);
    }
    auto tail = static_cast<std::uint32_t>(crc);
    if (data.size() >= sizeof(std::uint32_t)) {
        std::uint32_t word = 0;
        std::memcpy(&word, data.data(), sizeof word);
        tail = _mm_crc32_u32(tail, word);
        data.remove_prefix(sizeof word);
    }
    for (const char c : data) {
        tail = _mm_crc32_u8(tail, static_cast<unsigned char>(c));
    }
    return ~tail;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(ByteView data, std::uint32_t seed) {
    std::uint32_t crc = ~seed;
    for (const char c : data) {
        crc = (crc >> 8U) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
    }
    return ~crc;
}

std::uint32_t crc32c(ByteView data, std::uint32_t seed) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") != 0) {  // Reads a word; no guard of a static is cheaper.
        return crc32c_instruction(data, seed);
    }
#endif
    return crc32c_portable(data, seed);
}

}  // namespace distkv::base
