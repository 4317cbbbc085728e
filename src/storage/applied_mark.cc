#include "storage/applied_mark.h"

#include <utility>

#include "base/codec.h"
#include "base/mutant.h"

namespace distkv::storage {

using base::Bytes;
using base::Result;

namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

Bytes encode_mark(AppliedIndex index) {
    base::Encoder out;
    out.fixed(kVersion);
    out.fixed(index.value);
    return std::move(out).take();
}

Result<AppliedIndex> decode_mark(base::ByteView value) {
    base::Decoder in(value);
    static_cast<void>(TRY(in.version(kVersion)));  // There is only one so far.
    const AppliedIndex index{TRY(in.fixed<std::uint64_t>())};
    TRY(in.finish());
    return index;
}

Result<Sequence> apply_marked(Engine& engine, Batch batch, Bytes mark_key, AppliedIndex index) {
    if (MUTANT(engine_mark_outside_batch)) {
        static_cast<void>(TRY(engine.apply(batch)));
        batch.clear();
    }
    batch.put(std::move(mark_key), encode_mark(index));
    return engine.apply(batch);
}

}  // namespace distkv::storage
