#include "crdt/sibling_values.h"

#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/limits.h"

namespace distkv::crdt {

using base::Errc;
using base::fail;
using base::Result;
using Group = KeyState::Group;

namespace {
constexpr std::uint8_t kVersion = 1;
}

base::Bytes encode_siblings(const SiblingValues& values) {
    base::Encoder out;
    out.fixed(kVersion);
    out.varint(values.size());
    for (const SiblingValue& sibling : values) {
        sibling.dot.hlc.encode(out);
        out.bytes(sibling.value);
    }
    return std::move(out).take();
}

Result<SiblingValues> decode_siblings(const Cell& cell) {
    base::Decoder in(cell.value);
    static_cast<void>(TRY(in.version(kVersion)));
    const std::uint64_t count = TRY(in.varint());
    SiblingValues values;
    time::Hlc last;
    for (std::uint64_t i = 0; i < count; ++i) {
        const time::Hlc stamp = TRY(time::Hlc::decode(in));
        if (stamp <= last) {
            return fail(Errc::kCorrupt, "siblings whose stamps do not ascend");
        }
        values.push_back({{stamp, cell.dot.origin}, TRY(in.bytes(base::limits::kValueBytesMax))});
        last = stamp;
    }
    TRY(in.finish());
    if (last != cell.dot.hlc) {
        return fail(Errc::kCorrupt, "siblings of which none has the stamp of the cell");
    }
    return values;
}

namespace {

bool is_cleared(const model::Dot& dot, Group group, const Header& header) {
    return header.cleared.covers(dot) || std::ranges::any_of(group, [&](const Effect& other) {
               return other.cell.dot.origin != dot.origin && other.cell.clears.covers(dot);
           });
}

}  // namespace

Result<SiblingValues> living_siblings(Group group, const Header& header) {
    SiblingValues living;
    for (const Effect& cell : group) {
        if (cell.cell.kind != Kind::kValue) {
            continue;
        }
        for (const SiblingValue& sibling : TRY(decode_siblings(cell.cell))) {
            if (!is_cleared(sibling.dot, group, header)) {
                living.push_back(sibling);
            }
        }
    }
    std::ranges::sort(living, {}, &SiblingValue::dot);
    return living;
}

bool hides_siblings(Group group, const Header& header) {
    return std::ranges::any_of(group, [&](const Effect& cell) {
        if (header.cleared.covers(cell.cell.dot) || cell.cell.kind != Kind::kValue) {
            return false;
        }
        const auto values = decode_siblings(cell.cell);
        return !values || std::ranges::any_of(*values, [&](const SiblingValue& sibling) {
            return header.cleared.covers(sibling.dot);
        });
    });
}

}  // namespace distkv::crdt
