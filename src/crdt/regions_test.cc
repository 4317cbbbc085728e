#include "crdt/regions_test.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/mutant.h"

namespace distkv::crdt::test {

std::string digest_of(const KeyState& state) {
    base::Encoder out;
    digest(state, out);
    return std::move(out).take();
}

std::string to_text(const KeyState& state) {
    std::string text;
    const Header header = header_of(state);
    for (KeyState::Group left = state.all(); !left.empty();) {
        const KeyState::Group group = first_group(left);
        left = left.subspan(group.size());
        for (const auto& [field, cell] : group) {
            text += "  tag " + std::to_string(static_cast<int>(field.tag)) + " '" + field.element +
                    "' " + to_string(cell.dot) + " kind " +
                    std::to_string(static_cast<int>(cell.kind)) + " amount " +
                    std::to_string(cell.amount.whole) + " began " + time::to_string(cell.began) +
                    (lives({field, cell}, group, header) ? " lives" : "") + " clears " +
                    to_string(cell.clears);
            for (const auto& [origin, absorbed] : cell.absorbed) {
                text += " absorbed " + to_string(origin) + " " + time::to_string(absorbed.at) +
                        " " + std::to_string(absorbed.amount.whole);
            }
            text += "\n";
        }
    }
    return text;
}

namespace {

std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.insert(line);
    }
    return lines;
}

std::string difference_of(const std::string& one, const std::string& other) {
    const std::set<std::string> first = lines_of(one);
    const std::set<std::string> second = lines_of(other);
    std::string text;
    for (const std::string& line : first) {
        text += second.contains(line) ? "" : "-" + line + "\n";
    }
    for (const std::string& line : second) {
        text += first.contains(line) ? "" : "+" + line + "\n";
    }
    return text;
}

}  // namespace

Regions::Regions(Options options) : options_(options), rng_(options.seed) {
    for (std::size_t i = 0; i < options.regions; ++i) {
        regions_.push_back({.origin = {model::RegionId{i + 1}, 1},
                            .skew_micros = rng_.below(options.skew_micros),
                            .keys = std::vector<KeyState>(options.keys)});
    }
}

time::Hlc Regions::now_of(const Region& region) const {
    const time::Hlc wall{(wall_micros_ + region.skew_micros) << time::Hlc::kCounterBits};
    return std::max(wall, time::Hlc{region.clock.word + 1});
}

std::string Regions::write(std::size_t region, std::size_t key, const Command& command) {
    Region& at = regions_[region];
    at.clock = now_of(at);
    const model::Dot dot{at.clock, at.origin};
    auto outcome = command.run(at.keys[key], {dot, at.seen});
    ++writes_;
    if (!outcome) {
        return "error: " + outcome.error().detail;
    }
    if (!outcome->effects.empty()) {
        Batch batch{.dot = dot, .key = key};
        for (const Effect& effect : outcome->effects) {
            CHECK(effect.cell.dot == dot, "one command, one dot");
            batch.effects.push_back({effect.field, encode_cell(effect.cell)});
        }
        merge_batch(at, batch);
        logs_[at.origin].push_back(std::move(batch));
        at.taken[at.origin] = logs_[at.origin].size();
    }
    return outcome->reply;
}

void Regions::merge_batch(Region& to, const Batch& batch) {
    for (const Batch::Sent& sent : batch.effects) {
        auto cell = decode_cell(sent.bytes, batch.dot);
        CHECK(cell.has_value() && check_cell(sent.field, *cell).has_value());
        CHECK(encode_cell(*cell) == sent.bytes, "one encoding for each cell");
        Merged merged = merge(to.keys[batch.key], {sent.field, std::move(*cell)});
        std::ranges::move(merged.dropped, std::back_inserter(dropped_));
    }
    to.seen.raise(batch.dot);
    to.clock = std::max(to.clock, batch.dot.hlc);
}

std::size_t Regions::available(const model::Origin& origin) const {
    std::size_t most = 0;
    for (std::size_t i = 0; i < regions_.size(); ++i) {
        const auto found = regions_[i].taken.find(origin);
        most = lives(i) && found != regions_[i].taken.end() ? std::max(most, found->second) : most;
    }
    return most;
}

void Regions::take(Region& to, const model::Origin& origin, std::size_t count) {
    const std::size_t most = available(origin);
    std::size_t& taken = to.taken[origin];
    for (; count > 0 && taken < most; --count) {
        merge_batch(to, logs_[origin][taken++]);
    }
}

// Not what is settled: streams refuse what is below the `seen` vector, and they need not remember
// that for ever only because of this.
void Regions::repeat(Region& to) {
    const model::Origin origin = any_origin();
    const std::size_t low = settled_lengths_[origin];
    const std::size_t high = to.taken[origin];
    if (low < high) {
        merge_batch(to, logs_[origin][low + rng_.below(high - low)]);
    }
}

model::Origin Regions::any_origin() {
    if (logs_.empty()) {
        return regions_[0].origin;
    }
    auto at = logs_.begin();
    std::advance(at, rng_.below(logs_.size()));
    return at->first;
}

void Regions::deliver(std::size_t to, std::size_t from) {
    take(regions_[to], regions_[from].origin, SIZE_MAX);
}

void Regions::deliver_all() {
    for (const auto& [origin, log] : logs_) {
        for (std::size_t i = 0; i < regions_.size(); ++i) {
            if (lives(i)) {
                take(regions_[i], origin, SIZE_MAX);
            }
        }
    }
}

void Regions::begin_candidate() {
    candidate_.emplace();
    for (const auto& [origin, log] : logs_) {
        time::Hlc least{UINT64_MAX};
        for (std::size_t i = 0; i < regions_.size(); ++i) {
            least = lives(i) ? std::min(least, regions_[i].seen.of(origin)) : least;
        }
        candidate_->vector.raise({least, origin});
        candidate_->lengths[origin] = available(origin);
    }
}

void Regions::settle() {
    if (!candidate_) {
        begin_candidate();
        return;
    }
    for (const auto& [origin, length] : candidate_->lengths) {
        for (std::size_t i = 0; i < regions_.size(); ++i) {
            if (lives(i) && regions_[i].taken[origin] < length) {
                return;
            }
        }
    }
    settled_.join(candidate_->vector);
    settled_lengths_ = candidate_->lengths;
    begin_candidate();
}

void Regions::collect_key(KeyState& state) {
    // What was added there may have grown unseen, and only the old amount tells by how much.
    model::VersionVector of_amounts = settled_;
    if (dead_) {
        for (const auto& [origin, log] : logs_) {
            if (origin.region == regions_[*dead_].origin.region) {
                of_amounts.forget(origin);
            }
        }
    }
    const Header header = header_of(state);
    std::vector<Field> going;
    for (KeyState::Group left = state.all(); !left.empty();) {
        const KeyState::Group group = first_group(left);
        left = left.subspan(group.size());
        const Tag tag = group.front().field.tag;
        if (tag != Tag::kHeader) {
            const auto of_group = garbage(group, header, is_amount(tag) ? of_amounts : settled_);
            going.insert(going.end(), of_group.begin(), of_group.end());
        }
    }
    for (const Field& field : going) {
        state.erase(field);
    }
    collected_ += going.size();
    const bool holds = std::ranges::any_of(state.all(), [&](const Effect& cell) {
        return cell.field.tag != Tag::kHeader && header.cleared.covers(cell.cell.dot);
    });
    if (!holds) {
        for (const Field& field : header_garbage(state, settled_)) {
            state.erase(field);
            ++collected_;
        }
    }
}

void Regions::collect(std::size_t region) {
    settle();
    collect_settled(region);
}

void Regions::collect_settled(std::size_t region) {
    if (!lives(region)) {
        return;
    }
    for (KeyState& state : regions_[region].keys) {
        const std::string before = digest_of(state);
        collect_key(state);
        EXPECT_TRUE(digest_of(state) == before || MUTANT(crdt_drops_removal_early))
            << "collection changed what shows, seed " << options_.seed;
    }
}

void Regions::die(std::size_t region) {
    CHECK(!dead_ && regions_.size() > 2);
    dead_ = region;
    candidate_.reset();
}

// Before the first effect of the returning region is merged, the survivors have brought each other
// to one state and collected what is settled: else its writes, which never saw what was settled,
// would meet removals in one survivor that are gone in another.
void Regions::come_back() {
    CHECK(dead_.has_value());
    deliver_all();
    settle();
    for (std::size_t i = 0; i < regions_.size(); ++i) {
        collect_settled(i);
    }
    Region& back = regions_[*dead_];
    const std::size_t survivor = (*dead_ + 1 + rng_.below(regions_.size() - 1)) % regions_.size();
    rejoin(back, regions_[survivor]);
    const std::size_t region = *dead_;
    dead_.reset();
    be_born_again(region);
    // What the region wrote alone is not above what was settled.
    settled_ = {};
    candidate_.reset();
}

void Regions::rejoin(Region& back, const Region& survivor) {
    for (std::size_t key = 0; key < back.keys.size(); ++key) {
        KeyState& state = back.keys[key];
        const KeyState& theirs = survivor.keys[key];
        for (const Field& field : deleted_meanwhile(state, theirs, survivor.seen)) {
            state.erase(field);
        }
        state.summary.live = summarize(state).live;
        for (const Effect& cell : theirs.all()) {
            merge(state, cell);
        }
    }
    back.seen.join(survivor.seen);
    for (const auto& [origin, count] : survivor.taken) {
        back.taken[origin] = std::max(back.taken[origin], count);
    }
    back.clock = std::max(back.clock, survivor.clock);
}

void Regions::be_born_again(std::size_t region) {
    regions_[region].origin.incarnation = ++incarnations_;
}

void Regions::random_disaster() {
    const std::size_t region = any_region();
    switch (rng_.below(options_.dies ? 4 : 2)) {
        case 0:
            regions_[region].deaf_until = steps_ + rng_.below(200);
            break;
        case 1:
            if (incarnations_ < 4 && lives(region)) {
                be_born_again(region);
            }
            break;
        default:
            if (dead_) {
                come_back();
            } else {
                die(region);
            }
    }
}

void Regions::step(const Next& next) {
    ++steps_;
    wall_micros_ += rng_.below(2000);
    const std::uint64_t dice = rng_.below(1000);
    const std::size_t region = any_region();
    const std::size_t key = rng_.below(options_.keys);
    if (dice < 500) {
        const Command command = next(rng_, key, now(region));
        static_cast<void>(write(region, key, command));
    } else if (dice < 940) {
        if (lives(region) && regions_[region].deaf_until <= steps_) {
            const model::Origin origin = any_origin();
            take(regions_[region], origin, 1 + rng_.below(16));
        }
    } else if (dice < 970) {
        if (lives(region)) {
            repeat(regions_[region]);
        }
    } else if (dice < 995) {
        if (options_.collects) {
            collect(region);
        }
    } else {
        random_disaster();
    }
}

std::string Regions::differences() {
    if (dead_) {
        come_back();
    }
    deliver_all();
    for (std::size_t key = 0; key < options_.keys; ++key) {
        const std::string first = digest_of(regions_[0].keys[key]);
        for (std::size_t i = 0; i < regions_.size(); ++i) {
            const KeyState& state = regions_[i].keys[key];
            const std::string where = "key " + std::to_string(key) + ", region " +
                                      std::to_string(i + 1) + ", seed " +
                                      std::to_string(options_.seed);
            if (digest_of(state) != first) {
                return "another digest than in region 1: " + where + "\n" +
                       difference_of(to_text(regions_[0].keys[key]), to_text(state));
            }
            const Summary counted = summarize(state);
            if (counted.live != state.summary.live ||
                !state.summary.written.covers(counted.written)) {
                return "a summary that was not kept right: " + where + "\n" + to_text(state);
            }
        }
    }
    return {};
}

std::string Regions::difference_of_fresh() {
    std::vector<std::pair<const Batch*, std::size_t>> all;
    for (const auto& [origin, log] : logs_) {
        for (const Batch& batch : log) {
            for (std::size_t i = 0; i < batch.effects.size(); ++i) {
                all.emplace_back(&batch, i);
            }
        }
    }
    for (std::size_t i = all.size(); i > 1; --i) {
        std::swap(all[i - 1], all[rng_.below(i)]);
    }
    std::vector<KeyState> fresh(options_.keys);
    for (const auto& [batch, i] : all) {
        const Batch::Sent& sent = batch->effects[i];
        auto cell = decode_cell(sent.bytes, batch->dot);
        CHECK(cell.has_value());
        merge(fresh[batch->key], {sent.field, std::move(*cell)});
    }
    for (std::size_t key = 0; key < options_.keys; ++key) {
        if (digest_of(fresh[key]) != digest_of(regions_[0].keys[key])) {
            return "a fresh replica has another digest: key " + std::to_string(key) + ", seed " +
                   std::to_string(options_.seed);
        }
        if (summarize(fresh[key]).live != fresh[key].summary.live) {
            return "a fresh replica counted wrongly: seed " + std::to_string(options_.seed);
        }
    }
    return {};
}

}  // namespace distkv::crdt::test
