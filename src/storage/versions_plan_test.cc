// What three regions wrote, and in which order it arrives.
#include <array>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/rng.h"
#include "crdt/siblings.h"
#include "crdt/writer.h"
#include "storage/versions_model_test.h"

namespace distkv::storage::versions {

using base::Bytes;
using base::Rng;
using crdt::Effects;
using crdt::KeyState;
using crdt::Tag;
using crdt::Writer;
using model::KeyName;
using model::VersionVector;

namespace {

// Few, so that they are written often; of bytes that are hard to escape and to order.
const Bytes kStrings[] = {"", Bytes(1, '\0'), Bytes("\0\xff", 2), "a", Bytes("a\0", 2), "\xff\xff"};

KeyName random_name(Rng& rng) {
    return {{1 + rng.below(2)}, {rng.below(3) * 8191}, kStrings[rng.below(std::size(kStrings))]};
}

struct Region {
    model::Origin origin;
    time::Hlc clock;
    VersionVector seen;
    std::map<KeyName, KeyState> keys;
    std::vector<Arrival> log;
    std::array<std::size_t, 4> taken{};  // By every region, and by the store under test.

    void take(const Arrival& arrival) {
        for (const crdt::Effect& effect : arrival.effects) {
            static_cast<void>(crdt::merge(keys[arrival.name], effect));
        }
        seen.raise(arrival.dot);
        clock = std::max(clock, arrival.dot.hlc);
    }
};

Effects write_element(const KeyState& state, const Writer& writer, Rng& rng) {
    static constexpr Tag kTags[] = {Tag::kMember, Tag::kStrictMember, Tag::kMapField, Tag::kScore};
    const Tag tag = kTags[rng.below(std::size(kTags))];
    const Bytes& element = kStrings[rng.below(std::size(kStrings))];
    const auto amounts = crdt::amount_tag(tag);
    Effects effects;
    if (amounts && rng.chance(400'000)) {
        auto added = crdt::add_amount(state, *amounts, element, writer, {rng.between(-9, 9), 0.5});
        CHECK(added.has_value());
        return {std::move(*added)};
    }
    Bytes value(tag == Tag::kScore ? 8 : rng.below(60), 'v');
    effects.push_back(rng.chance(600'000)
                          ? crdt::set_value(state, tag, element, writer, std::move(value))
                          : crdt::remove_value(state, tag, element, writer));
    if (amounts) {
        crdt::absorb_amounts(state, *amounts, element, writer, effects);
    }
    return effects;
}

Effects write_string(const KeyState& state, const Writer& writer, Rng& rng) {
    if (rng.chance(300'000)) {
        auto added = crdt::add_amount(state, Tag::kCount, {}, writer, {rng.between(-9, 9), 0});
        CHECK(added.has_value());
        return {std::move(*added)};
    }
    Effects effects;
    effects.push_back(
        crdt::set_value(state, Tag::kRegister, {}, writer, std::to_string(rng.below(1000))));
    crdt::absorb_amounts(state, Tag::kCount, {}, writer, effects);
    return effects;
}

Effects add_sibling(const KeyState& state, const Writer& writer, Rng& rng) {
    crdt::SiblingWrite write{.key = "k", .value = Bytes(rng.below(9), 's'), .context = {}};
    const auto read = crdt::read_siblings(state, "k", {});
    if (read && rng.chance(500'000)) {
        write.context = read->context;
    }
    auto outcome = crdt::write_sibling(state, write, writer);
    return outcome ? std::move(outcome->effects) : Effects();  // The key may have another type.
}

Effects write_something(const KeyState& state, const Writer& writer, Rng& rng) {
    const auto drawn = rng.below(100);
    if (rng.chance(100'000)) {
        return add_sibling(state, writer, rng);
    }
    if (drawn < 40) {
        return write_string(state, writer, rng);
    }
    if (drawn < 80) {
        return write_element(state, writer, rng);
    }
    if (drawn < 90) {
        return crdt::clear_key(state, writer);
    }
    using Setting = crdt::ExpirySetting::Kind;
    static constexpr Setting kKinds[] = {Setting::kExpires, Setting::kPersists, Setting::kLifted};
    return {crdt::set_expiry(state, writer, kKinds[rng.below(3)], rng.below(200))};
}

void write(Region& region, Rng& rng) {
    const KeyName name = random_name(rng);
    region.clock.word += 1 + rng.below(std::uint64_t{1} << (rng.chance(500'000) ? 2U : 16U));
    const Writer writer{{region.clock, region.origin}, region.seen};
    Arrival arrival{name, write_something(region.keys[name], writer, rng), writer.dot, region.seen};
    if (arrival.effects.empty()) {
        return;
    }
    region.take(arrival);
    region.log.push_back(std::move(arrival));
}

}  // namespace

Plan make_plan(std::uint64_t seed, std::size_t arrivals) {
    Rng rng = Rng(seed).fork("plan");
    std::array<Region, 3> regions;
    for (std::size_t i = 0; i < 3; ++i) {
        regions[i].origin = {{i + 1}, rng.below(2)};
        regions[i].clock = {1'000'000 + rng.below(1'000'000)};
    }
    Plan plan;
    while (plan.arrivals.size() < arrivals) {
        Region& from = regions[rng.below(3)];
        const std::size_t to = rng.below(5);
        if (to == 4) {
            write(from, rng);
            continue;
        }
        // A few of what it wrote arrive somewhere.
        for (auto left = rng.below(6); left > 0 && from.taken[to] < from.log.size(); --left) {
            const Arrival& next = from.log[from.taken[to]++];
            if (to == 3) {
                plan.arrivals.push_back(next);
            } else if (&regions[to] != &from) {
                regions[to].take(next);
            }
        }
    }
    return plan;
}

VersionVector Plan::seen_after(std::size_t count) const {
    VersionVector seen;
    for (std::size_t i = 0; i < count; ++i) {
        seen.raise(arrivals[i].dot);
    }
    return seen;
}

VersionVector Plan::settled_after(std::size_t count) const {
    VersionVector settled = seen_after(count);
    for (std::size_t i = count; i < arrivals.size(); ++i) {
        settled.meet(arrivals[i].writer_saw);
    }
    return settled;
}

KeyState Plan::key_after(std::size_t count, const KeyName& name, const VersionVector* as_of) const {
    KeyState state;
    for (std::size_t i = 0; i < count; ++i) {
        if (arrivals[i].name == name && (as_of == nullptr || as_of->covers(arrivals[i].dot))) {
            for (const crdt::Effect& effect : arrivals[i].effects) {
                static_cast<void>(crdt::merge(state, effect));
            }
        }
    }
    return state;
}

std::vector<KeyName> Plan::names() const {
    std::set<KeyName> names;
    for (const Arrival& arrival : arrivals) {
        names.insert(arrival.name);
    }
    return {names.begin(), names.end()};
}

Bytes content_of(const KeyState& state) {
    base::Encoder out;
    return crdt::digest(state, out) ? Bytes(out.view()) : Bytes();
}

bool is_version_of(const crdt::Effect& row, const crdt::Effect& effect) {
    return row.field == effect.field && row.cell.dot == effect.cell.dot &&
           row.cell.value == effect.cell.value && row.cell.amount == effect.cell.amount;
}

}  // namespace distkv::storage::versions
