#include "raft/log.h"

#include <algorithm>

#include "base/check.h"

namespace distkv::raft {

std::optional<std::uint64_t> Log::term_at(std::uint64_t index) const {
    if (index == cut_.index) {
        return cut_.term;
    }
    if (index < cut_.index || index > last_.index) {
        return std::nullopt;
    }
    if (is_in_memory(index)) {
        return window_[index - window_before() - 1].term;
    }
    const auto after = std::ranges::upper_bound(runs_, index, {}, &Position::index);
    CHECK(after != runs_.begin());
    return std::prev(after)->term;
}

Position Log::agree_below(std::uint64_t index, std::uint64_t term) const {
    Position at{std::min(index, last_.index), 0};
    if (at.index <= cut_.index) {
        return cut_;
    }
    auto after = std::ranges::upper_bound(runs_, at.index, {}, &Position::index);
    while (after != runs_.begin()) {
        const Position run = *std::prev(after);
        if (run.term <= term) {
            return {at.index, run.term};
        }
        at.index = run.index - 1;
        --after;
    }
    return cut_;
}

void Log::grow_terms(Position at) {
    CHECK(at.index == last_.index + 1);
    CHECK(at.term >= last_.term);
    if (runs_.empty() || runs_.back().term != at.term) {
        runs_.push_back(at);
    }
    last_ = at;
}

void Log::append(Entry entry) {
    grow_terms(entry.position());
    if (entry.kind == EntryKind::kMembership) {
        auto membership = Membership::decode(entry.body.view());
        CHECK(membership.has_value());  // Whoever took the entry in has looked at it.
        memberships_[entry.index] = *std::move(membership);
    }
    window_bytes_ += cost_of(entry);
    window_.push_back(std::move(entry));
}

void Log::append_known(Position at) {
    CHECK(window_.empty());
    grow_terms(at);
}

void Log::truncate(std::uint64_t from) {
    CHECK(from > cut_.index);
    if (from > last_.index) {
        return;
    }
    const std::uint64_t term = *term_at(from - 1);
    while (!window_.empty() && window_.back().index >= from) {
        window_bytes_ -= cost_of(window_.back());
        window_.pop_back();
    }
    while (!runs_.empty() && runs_.back().index >= from) {
        runs_.pop_back();
    }
    memberships_.erase(memberships_.lower_bound(from), memberships_.end());
    last_ = {from - 1, term};
}

void Log::cut_to(std::uint64_t index) {
    if (index <= cut_.index) {
        return;
    }
    const std::optional<std::uint64_t> term = term_at(index);
    CHECK(term.has_value());
    at_cut_ = *membership_at(index).membership;
    memberships_.erase(memberships_.begin(), memberships_.upper_bound(index));
    while (!window_.empty() && window_.front().index <= index) {
        window_bytes_ -= cost_of(window_.front());
        window_.pop_front();
    }
    cut_ = {index, *term};
    while (runs_.size() > 1 && runs_[1].index <= index + 1) {
        runs_.pop_front();
    }
    if (last_.index == index) {
        runs_.clear();
        last_ = cut_;
    } else {
        runs_.front().index = index + 1;
    }
}

void Log::reset(Position cut, Membership at_cut) {
    cut_ = cut;
    at_cut_ = std::move(at_cut);
    last_ = cut;
    runs_.clear();
    window_.clear();
    window_bytes_ = 0;
    memberships_.clear();
}

std::vector<Entry> Log::read(std::uint64_t first, std::uint64_t last, std::size_t bytes_max) const {
    std::vector<Entry> entries;
    if (!is_in_memory(first)) {
        return entries;
    }
    std::size_t bytes = 0;
    for (std::uint64_t index = first; index <= std::min(last, last_.index); ++index) {
        const Entry& entry = window_[index - window_before() - 1];
        bytes += cost_of(entry);
        if (!entries.empty() && bytes > bytes_max) {
            break;
        }
        entries.push_back(entry);
    }
    return entries;
}

void Log::shrink(std::uint64_t keep_above, std::size_t bytes_max) {
    while (window_bytes_ > bytes_max && !window_.empty() && window_.front().index <= keep_above) {
        window_bytes_ -= cost_of(window_.front());
        window_.pop_front();
    }
}

Log::Decided Log::membership_at(std::uint64_t index) const {
    const auto after = memberships_.upper_bound(index);
    if (after == memberships_.begin()) {
        return {cut_.index, &at_cut_};
    }
    const auto found = std::prev(after);
    return {found->first, &found->second};
}

std::optional<std::uint64_t> Log::change_above(std::uint64_t index) const {
    const auto found = memberships_.upper_bound(index);
    return found == memberships_.end() ? std::nullopt : std::optional(found->first);
}

std::vector<std::uint64_t> Log::terms() const {
    std::vector<std::uint64_t> terms;
    terms.reserve(last_.index - cut_.index);
    for (std::uint64_t index = first_index(); index <= last_.index; ++index) {
        terms.push_back(*term_at(index));
    }
    return terms;
}

}  // namespace distkv::raft
