// What comes from a log or a peer: it is refused, or it means what it says again.
#include "storage/change_set.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "storage/inspect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace distkv;
    const base::ByteView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto changes = storage::decode_change_set(bytes)) {
        const auto again = storage::decode_change_set(storage::encode_change_set(*changes));
        CHECK(again.has_value() && *again == *changes);
        for (const storage::Batch::Change& change : storage::to_batch(*changes).changes()) {
            const auto key = storage::decode_version_key(change.key);
            CHECK(key.has_value());
        }
    }
    // And a row of a store: a name, split from a value by its first half.
    storage::Inspection inspection;
    inspection.row(bytes.substr(0, size / 2), bytes.substr(size / 2));
    return 0;
}
