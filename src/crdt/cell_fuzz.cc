// A stranger's bytes as a cell, a setting, a summary. Nothing crashes; what decodes encodes to what
// decodes to the same, and a cell that was checked can be merged.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "crdt/merge.h"

namespace {

using namespace distkv;
using base::ByteView;
using crdt::Tag;

constexpr Tag kTags[] = {Tag::kHeader, Tag::kFlag,         Tag::kCount,    Tag::kRegister,
                         Tag::kMember, Tag::kStrictMember, Tag::kMapField, Tag::kMapAmount,
                         Tag::kScore,  Tag::kScoreAmount};

void try_cell(ByteView bytes) {
    const model::Dot dot{{0x5000}, {model::RegionId{1}, 1}};
    const auto cell = crdt::decode_cell(bytes, dot);
    if (!cell) {
        return;
    }
    // Not the same bytes: a vector may be there and empty, reals may be there and zero.
    const base::Bytes again = crdt::encode_cell(*cell);
    const auto back = crdt::decode_cell(again, dot);
    CHECK(back.has_value());
    CHECK(crdt::encode_cell(*back) == again);
    for (const Tag tag : kTags) {
        const crdt::Field field{tag, {}, crdt::is_shared(tag) ? model::Origin{} : dot.origin};
        if (crdt::check_cell(field, *cell)) {
            crdt::KeyState state;
            crdt::merge(state, {field, *cell});
            crdt::merge(state, {field, *back});
            base::Encoder out;
            crdt::digest(state, out);
            CHECK(crdt::summarize(state).live == state.summary.live);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(reinterpret_cast<const char*>(data), size);
    try_cell(bytes);
    if (const auto setting = crdt::decode_setting(bytes)) {
        CHECK(crdt::encode_setting(*setting) == bytes);
    }
    if (const auto summary = crdt::decode_summary(bytes)) {
        CHECK(crdt::encode_summary(*summary) == bytes);
    }
    return 0;
}
