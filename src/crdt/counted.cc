#include "crdt/counted.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/check.h"

namespace distkv::crdt {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;

std::optional<std::int64_t> parse_integer(ByteView text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const ByteView digits = text.substr(text.starts_with('-') ? 1 : 0);
    const bool padded = digits.starts_with('0') && text != "0";
    if (error != std::errc{} || stop != end || padded) {
        return std::nullopt;
    }
    return value;
}

namespace {

Tag amounts_of(Tag tag) {
    const auto amounts = amount_tag(tag);
    CHECK(amounts.has_value(), "a tag to which nothing can be added");
    return *amounts;
}

}  // namespace

std::optional<Bytes> counted_text(const KeyState& state, Tag tag, ByteView element,
                                  const Header& header) {
    const Effect* const set = winner(state.group(tag, element), header);
    const auto base = set == nullptr ? 0 : parse_integer(set->cell.value);
    const Sum sum = sum_of(state.group(amounts_of(tag), element), header, base.value_or(0));
    if (sum.any && base) {
        return std::to_string(sum.amount.whole);
    }
    return set == nullptr ? std::nullopt : std::optional(set->cell.value);
}

Result<Outcome<std::int64_t>> add_to_counted(const KeyState& state, Tag tag, ByteView element,
                                             std::int64_t by, const Writer& writer) {
    const Header header = header_of(state);
    const Effect* const set = winner(state.group(tag, element), header);
    const auto base = set == nullptr ? 0 : parse_integer(set->cell.value);
    if (!base) {
        return fail(Errc::kInvalid, "value is not an integer or out of range");
    }
    std::int64_t sum = sum_of(state.group(amounts_of(tag), element), header, *base).amount.whole;
    if (__builtin_add_overflow(sum, by, &sum)) {
        return fail(Errc::kInvalid, "increment or decrement would overflow");
    }
    Outcome<std::int64_t> outcome{.reply = sum};
    auto added_here = add_amount(state, amounts_of(tag), element, writer, {.whole = by});
    if (added_here) {
        outcome.effects.push_back(*std::move(added_here));
    } else {
        // The sum fits, what this origin added to it does not: it is set instead.
        set_counted(state, tag, element, writer, std::to_string(sum), outcome.effects);
    }
    return outcome;
}

void set_counted(const KeyState& state, Tag tag, ByteView element, const Writer& writer, Bytes text,
                 Effects& effects) {
    effects.push_back(set_value(state, tag, element, writer, std::move(text)));
    absorb_amounts(state, amounts_of(tag), element, writer, effects);
}

bool remove_counted(const KeyState& state, Tag tag, ByteView element, const Writer& writer,
                    Effects& effects) {
    const std::size_t before = effects.size();
    if (shows(state.group(tag, element), header_of(state))) {
        effects.push_back(remove_value(state, tag, element, writer));
    }
    absorb_amounts(state, amounts_of(tag), element, writer, effects);
    return effects.size() > before;
}

}  // namespace distkv::crdt
