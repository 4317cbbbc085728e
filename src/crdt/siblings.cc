#include "crdt/siblings.h"

#include <algorithm>

#include "base/codec.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "crdt/command.h"
#include "crdt/elements.h"
#include "crdt/sibling_values.h"

namespace distkv::crdt {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;
using model::VersionVector;

namespace {

constexpr std::uint8_t kContextVersion = 1;

// All that was ever seen of the register by those whose cells are here. It names more than the
// living values, so that whoever clears a cell also clears what that cell clears.
VersionVector seen_of(KeyState::Group group) {
    VersionVector seen;
    for (const Effect& cell : group) {
        seen.raise(cell.cell.dot);
        seen.join(cell.cell.clears);
    }
    return seen;
}

// What has been seen here, if only by hearsay, covers the context.
Result<void> check_arrived(const VersionVector& context, const KeyState& state,
                           const Writer& writer) {
    VersionVector known = seen_of(state.group(Tag::kSiblings));
    known.join(writer.seen);
    known.raise({{writer.dot.hlc.word - 1}, writer.dot.origin});
    if (known.covers(context)) {
        return {};
    }
    return fail(Errc::kRetry, "the context covers writes that have not arrived here yet: it says " +
                                  to_string(context) + ", and here is seen " + to_string(known));
}

}  // namespace

Bytes encode_context(const VersionVector& covered, ByteView key) {
    base::Encoder out;
    out.fixed(kContextVersion);
    covered.encode(out);
    out.fixed(base::crc32c(out.view(), base::crc32c(key)));
    return std::move(out).take();
}

Result<VersionVector> decode_context(ByteView token, ByteView key) {
    const auto bad = [] {
        return fail(Errc::kInvalid,
                    "the context is damaged, or is not what reading this key gave: read it again");
    };
    if (token.size() < sizeof(std::uint32_t)) {
        return bad();
    }
    const ByteView body = token.substr(0, token.size() - sizeof(std::uint32_t));
    base::Decoder sum(token.substr(body.size()));
    if (TRY(sum.fixed<std::uint32_t>()) != base::crc32c(body, base::crc32c(key))) {
        return bad();
    }
    base::Decoder in(body);
    const auto version = in.version(kContextVersion);
    auto covered = VersionVector::decode(in);
    if (!version || !covered || !in.finish()) {
        return bad();
    }
    return covered;
}

Result<Siblings> read_siblings(const KeyState& state, ByteView key, time::Hlc now) {
    const auto group = state.group(Tag::kSiblings);
    Siblings siblings{.context = encode_context(seen_of(group), key)};
    if (!TRY(exists_as(state, Type::kSiblings, now))) {
        return siblings;
    }
    for (const SiblingValue& sibling : TRY(living_siblings(group, header_of(state)))) {
        siblings.values.emplace_back(sibling.value);
    }
    return siblings;
}

namespace {

using Written = Outcome<std::uint64_t>;

Result<Written> write(const KeyState& state, const SiblingWrite& write,
                      const VersionVector& context, const Writer& writer) {
    TRY(check_arrived(context, state, writer));
    const auto group = state.group(Tag::kSiblings);
    Written outcome{.reply = 1};
    SiblingValues own;
    for (const SiblingValue& sibling : TRY(living_siblings(group, header_of(state)))) {
        // An earlier step of this command has the same stamp, and is replaced.
        if (!context.covers(sibling.dot) && sibling.dot != writer.dot) {
            ++outcome.reply;
            if (sibling.dot.origin == writer.dot.origin) {
                own.push_back(sibling);
            }
        }
    }
    if (outcome.reply > base::limits::kSiblingsMax) {
        return fail(Errc::kInvalid, "the key would have more than " +
                                        std::to_string(base::limits::kSiblingsMax) +
                                        " concurrent values: read it, and write with the context "
                                        "that reading gives");
    }
    own.push_back({writer.dot, write.value});
    Effect effect{{Tag::kSiblings, {}, writer.dot.origin},
                  {.dot = writer.dot, .kind = Kind::kValue, .value = encode_siblings(own)}};
    if (effect.cell.value.size() > base::limits::kValueBytesMax) {
        return fail(Errc::kInvalid, "the concurrent values of this region would take " +
                                        std::to_string(effect.cell.value.size()) +
                                        " bytes together, and the limit is " +
                                        std::to_string(base::limits::kValueBytesMax));
    }
    if (const Cell* const before = state.find(effect.field)) {
        effect.cell.clears = before->clears;
    }
    effect.cell.clears.join(context);
    effect.cell.clears.forget(writer.dot.origin);  // Its own are gone with its cell before.
    outcome.effects.push_back(std::move(effect));
    return outcome;
}

}  // namespace

Result<Written> write_sibling(const KeyState& state, const SiblingWrite& request,
                              const Writer& writer) {
    TRY(check_value(request.value));
    VersionVector context;
    if (request.context) {
        context = TRY(decode_context(*request.context, request.key));
    }
    return on_typed(state, writer, Type::kSiblings, [&](const KeyState& visible) {
        return write(visible, request, context, writer);
    });
}

}  // namespace distkv::crdt
