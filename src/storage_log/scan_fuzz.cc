// A segment that somebody else wrote: no crash, and what is read back encodes to what was there.
#include "storage_log/scan.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

using namespace distkv;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
    static_cast<void>(storage_log::decode_segment_header(bytes));
    std::uint64_t log_id = 0;
    for (std::size_t at = storage_log::kFirstBlockAt; at < size; at += 8) {
        if (const auto block = storage_log::parse_block(bytes.substr(at), {1, at})) {
            log_id = block->log_id;
            break;
        }
    }
    std::size_t records = 0;
    std::uint64_t lost = 0;
    storage_log::Scanner scanner(
        log_id,
        [&](const storage_log::Scanner::Found& found) {
            ++records;
            CHECK(found.at.offset + found.size <= size);
            static_cast<void>(storage_log::decode_hard_state(found.record));
        },
        [&](const storage_log::Damage& damage) { lost += damage.bytes; });
    scanner.segment(1, bytes, size % 2 == 0);
    scanner.finish();
    CHECK(records <= size / storage_log::kRecordHeaderBytes);
    CHECK(lost <= size);  // No byte is counted twice.
    return 0;
}
