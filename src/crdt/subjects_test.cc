#include "crdt/subjects_test.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "crdt/counted.h"
#include "crdt/expiry.h"
#include "crdt/flag.h"
#include "crdt/map.h"
#include "crdt/set.h"
#include "crdt/sorted_set.h"
#include "crdt/string.h"

namespace distkv::crdt::test {
namespace {

using base::Bytes;
using base::Result;
using base::Rng;
using Texts = Result<Outcome<std::string>>;

std::uint64_t ms_of(time::Hlc now) {
    return now.micros() / 1000;
}

std::string text_of(const Bytes& value) {
    return value;
}
std::string text_of(double value) {
    return std::to_string(value);
}
template <std::integral T>
std::string text_of(T value) {
    return std::to_string(value);
}
template <class T>
std::string text_of(const std::optional<T>& value) {
    return value ? text_of(*value) : "nil";
}

template <class Reply>
Texts as_text(Result<Outcome<Reply>> outcome) {
    if (!outcome) {
        return std::unexpected(std::move(outcome).error());
    }
    return Outcome<std::string>{text_of(outcome->reply), std::move(outcome->effects)};
}

template <class Reply>
std::string read_text(const Result<Reply>& reply) {
    return reply ? text_of(*reply) : "error";
}

constexpr std::string_view kError = "error";

// What all types have: the key can be deleted, and goes by itself. `Content` that is as if freshly
// made is no key.
template <class Content>
class TypedSubject : public Subject {
public:
    Command next(Rng& rng, time::Hlc now) final {
        const std::uint64_t dice = rng.below(100);
        if (dice < 4) {
            return {[](const KeyState& state, const Writer& writer) {
                        return as_text(key_remove(state, writer));
                    },
                    [this](time::Hlc at) {
                        age(at);
                        const bool existed = exists();
                        content_ = {};
                        return text_of(existed);
                    }};
        }
        if (dice < 8) {
            return expire(ms_of(now) + rng.below(40));
        }
        if (dice < 10) {
            return {[](const KeyState& state, const Writer& writer) {
                        return as_text(persist(state, writer));
                    },
                    [this](time::Hlc at) {
                        age(at);
                        return text_of(std::exchange(expires_ms_, std::nullopt).has_value());
                    }};
        }
        Command command = own(rng);
        command.model = [this, inner = std::move(command.model)](time::Hlc at) {
            age(at);
            std::string reply = inner(at);
            age(at);
            return reply;
        };
        return command;
    }

    [[nodiscard]] std::string read(const KeyState& state, time::Hlc now) const final {
        const Expiry expiry = expiry_of(state, now);
        return text_of(expiry.exists) + " until " + text_of(expiry.at_ms) + ": " +
               read_own(state, now);
    }
    [[nodiscard]] std::string read_model(time::Hlc now) const final {
        const bool gone = expires_ms_ && *expires_ms_ <= ms_of(now);
        const bool there = exists() && !gone;
        return text_of(there) + " until " + text_of(there ? expires_ms_ : std::nullopt) + ": " +
               show(there ? content_ : Content{});
    }

protected:
    virtual Command own(Rng& rng) = 0;
    [[nodiscard]] virtual std::string read_own(const KeyState& state, time::Hlc now) const = 0;
    [[nodiscard]] virtual std::string show(const Content& content) const = 0;

    [[nodiscard]] bool exists() const { return content_ != Content{}; }
    void age(time::Hlc now) {
        if (expires_ms_ && *expires_ms_ <= ms_of(now)) {
            content_ = {};
        }
        if (!exists()) {
            expires_ms_.reset();
        }
    }

    Content content_{};
    std::optional<std::uint64_t> expires_ms_;

private:
    Command expire(std::uint64_t at_ms) {
        return {[at_ms](const KeyState& state, const Writer& writer) {
                    return as_text(expire_at(state, at_ms, writer));
                },
                [this, at_ms](time::Hlc at) {
                    age(at);
                    const bool existed = exists();
                    expires_ms_ = existed ? std::optional(at_ms) : std::nullopt;
                    age(at);
                    return text_of(existed);
                }};
    }
};

Bytes random_text(Rng& rng) {
    static constexpr std::string_view kTexts[] = {"",  "red", "007", "9223372036854775800",
                                                  "-", "7",   "-12", "-9223372036854775808"};
    return Bytes(kTexts[rng.below(std::size(kTexts))]);
}

std::int64_t random_step(Rng& rng) {
    return rng.below(50) == 0 ? INT64_MAX - 10 : rng.between(-9, 10);
}

std::vector<Bytes> random_elements(Rng& rng) {
    std::vector<Bytes> elements;
    for (std::uint64_t left = 1 + (rng.below(4) == 0 ? rng.below(4) : 0); left > 0; --left) {
        elements.emplace_back(1, "abcdef"[rng.below(6)]);
    }
    return elements;
}

// INCRBY on a plain text.
std::string add_to(std::optional<Bytes>& text, std::int64_t by) {
    auto value = parse_integer(text.value_or("0"));
    if (!value || __builtin_add_overflow(*value, by, &*value)) {
        return std::string(kError);
    }
    text = std::to_string(*value);
    return *text;
}

class StringSubject final : public TypedSubject<std::optional<Bytes>> {
    Command own(Rng& rng) override {
        if (rng.below(3) == 0) {
            const Bytes value = random_text(rng);
            const bool keeps = rng.below(4) == 0;
            return {[=](const KeyState& state, const Writer& writer) {
                        return as_text(string_set(state, value, {.keeps_ttl = keeps}, writer));
                    },
                    [=, this](time::Hlc) {
                        content_ = value;
                        expires_ms_ = keeps ? expires_ms_ : std::nullopt;
                        return std::string("1");
                    }};
        }
        const std::int64_t by = random_step(rng);
        return {[=](const KeyState& state, const Writer& writer) {
                    return as_text(string_increment(state, by, writer));
                },
                [=, this](time::Hlc) { return add_to(content_, by); }};
    }
    [[nodiscard]] std::string read_own(const KeyState& state, time::Hlc now) const override {
        return read_text(string_get(state, now));
    }
    [[nodiscard]] std::string show(const std::optional<Bytes>& content) const override {
        return text_of(content);
    }
};

class FlagSubject final : public TypedSubject<bool> {
    Command own(Rng& rng) override {
        const bool on = rng.below(2) == 0;
        return {[=](const KeyState& state, const Writer& writer) {
                    return as_text(on ? flag_enable(state, writer) : flag_disable(state, writer));
                },
                [=, this](time::Hlc) { return text_of(std::exchange(content_, on) != on); }};
    }
    [[nodiscard]] std::string read_own(const KeyState& state, time::Hlc now) const override {
        return read_text(flag_is_enabled(state, now));
    }
    [[nodiscard]] std::string show(const bool& content) const override { return text_of(content); }
};

class SetSubject final : public TypedSubject<std::set<Bytes>> {
public:
    explicit SetSubject(SetKind kind) : kind_(kind) {}

private:
    Command own(Rng& rng) override {
        const std::vector<Bytes> members = random_elements(rng);
        if (rng.below(5) < 3) {
            return {[=, this](const KeyState& state, const Writer& writer) {
                        return as_text(set_add(state, kind_, members, writer));
                    },
                    [=, this](time::Hlc) {
                        const std::size_t before = content_.size();
                        content_.insert(members.begin(), members.end());
                        return text_of(content_.size() - before);
                    }};
        }
        return {[=, this](const KeyState& state, const Writer& writer) {
                    return as_text(set_remove(state, kind_, members, writer));
                },
                [=, this](time::Hlc) {
                    const std::size_t before = content_.size();
                    for (const Bytes& member : members) {
                        content_.erase(member);
                    }
                    return text_of(before - content_.size());
                }};
    }
    [[nodiscard]] std::string read_own(const KeyState& state, time::Hlc now) const override {
        std::string text = read_text(set_size(state, kind_, now));
        const auto members = set_members(state, kind_, now);
        for (const Bytes& member : members ? *members : std::vector<Bytes>()) {
            text += " " + member + read_text(set_contains(state, kind_, member, now));
        }
        return text;
    }
    [[nodiscard]] std::string show(const std::set<Bytes>& content) const override {
        std::string text = text_of(content.size());
        for (const Bytes& member : content) {
            text += " " + member + "1";
        }
        return text;
    }

    SetKind kind_;
};

class MapSubject final : public TypedSubject<std::map<Bytes, Bytes>> {
    Command own(Rng& rng) override {
        const std::vector<Bytes> fields = random_elements(rng);
        const std::uint64_t dice = rng.below(3);
        if (dice == 0) {
            std::vector<MapEntry> entries;
            for (const Bytes& field : fields) {
                entries.push_back({field, random_text(rng)});
            }
            return {[=](const KeyState& state, const Writer& writer) {
                        return as_text(map_set(state, entries, writer));
                    },
                    [=, this](time::Hlc) {
                        const std::size_t before = content_.size();
                        for (const auto& [field, value] : entries) {
                            content_[field] = value;
                        }
                        return text_of(content_.size() - before);
                    }};
        }
        if (dice == 1) {
            return {[=](const KeyState& state, const Writer& writer) {
                        return as_text(map_remove(state, fields, writer));
                    },
                    [=, this](time::Hlc) {
                        const std::size_t before = content_.size();
                        for (const Bytes& field : fields) {
                            content_.erase(field);
                        }
                        return text_of(before - content_.size());
                    }};
        }
        const std::int64_t by = random_step(rng);
        return {[=](const KeyState& state, const Writer& writer) {
                    return as_text(map_increment(state, fields[0], by, writer));
                },
                [=, this](time::Hlc) {
                    const auto at = content_.find(fields[0]);
                    std::optional<Bytes> text;
                    if (at != content_.end()) {
                        text = at->second;
                    }
                    std::string reply = add_to(text, by);
                    if (text) {
                        content_[fields[0]] = *text;
                    }
                    return reply;
                }};
    }
    [[nodiscard]] std::string read_own(const KeyState& state, time::Hlc now) const override {
        std::string text = read_text(map_size(state, now));
        const auto entries = map_entries(state, now);
        for (const auto& [field, value] : entries ? *entries : std::vector<MapEntry>()) {
            text += " " + field + "=" + read_text(map_get(state, field, now));
        }
        return text;
    }
    [[nodiscard]] std::string show(const std::map<Bytes, Bytes>& content) const override {
        std::string text = text_of(content.size());
        for (const auto& [field, value] : content) {
            text += " " + field + "=" + value;
        }
        return text;
    }
};

// Scores are multiples of one half, so that sums are exact in any order.
class SortedSetSubject final : public TypedSubject<std::map<Bytes, double>> {
    Command own(Rng& rng) override {
        const std::vector<Bytes> members = random_elements(rng);
        const std::uint64_t dice = rng.below(3);
        const double score = static_cast<double>(rng.between(-20, 20)) / 2;
        if (dice == 0) {
            std::vector<ScoredMember> scored;
            for (const Bytes& member : members) {
                scored.push_back({member, score});
            }
            return {[=](const KeyState& state, const Writer& writer) {
                        return as_text(sorted_set_add(state, scored, writer));
                    },
                    [=, this](time::Hlc) {
                        const std::size_t before = content_.size();
                        for (const Bytes& member : members) {
                            content_[member] = score;
                        }
                        return text_of(content_.size() - before);
                    }};
        }
        if (dice == 1) {
            return {[=](const KeyState& state, const Writer& writer) {
                        return as_text(sorted_set_remove(state, members, writer));
                    },
                    [=, this](time::Hlc) {
                        const std::size_t before = content_.size();
                        for (const Bytes& member : members) {
                            content_.erase(member);
                        }
                        return text_of(before - content_.size());
                    }};
        }
        return {[=](const KeyState& state, const Writer& writer) {
                    return as_text(sorted_set_increment(state, members[0], score, writer));
                },
                [=, this](time::Hlc) { return text_of(content_[members[0]] += score); }};
    }
    [[nodiscard]] std::string read_own(const KeyState& state, time::Hlc now) const override {
        std::string text = read_text(sorted_set_size(state, now));
        const auto members = sorted_set_by_rank(state, {}, now);
        for (const auto& [member, score] : members ? *members : std::vector<ScoredMember>()) {
            text += " " + member + "=" + read_text(sorted_set_score(state, member, now));
        }
        return text;
    }
    [[nodiscard]] std::string show(const std::map<Bytes, double>& content) const override {
        std::vector<std::pair<double, Bytes>> ranked;
        for (const auto& [member, score] : content) {
            ranked.emplace_back(score, member);
        }
        std::ranges::sort(ranked);
        std::string text = text_of(content.size());
        for (const auto& [score, member] : ranked) {
            text += " " + member + "=" + text_of(score);
        }
        return text;
    }
};

}  // namespace

std::vector<std::unique_ptr<Subject>> all_subjects() {
    std::vector<std::unique_ptr<Subject>> subjects;
    subjects.push_back(std::make_unique<StringSubject>());
    subjects.push_back(std::make_unique<FlagSubject>());
    subjects.push_back(std::make_unique<SetSubject>(SetKind::kAddWins));
    subjects.push_back(std::make_unique<SetSubject>(SetKind::kRemoveWins));
    subjects.push_back(std::make_unique<MapSubject>());
    subjects.push_back(std::make_unique<SortedSetSubject>());
    return subjects;
}

}  // namespace distkv::crdt::test
