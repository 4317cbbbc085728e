#include <algorithm>

#include "crdt/list.h"
#include "crdt/subject_runs_test.h"

namespace distkv::crdt::test {
namespace {

using base::Bytes;
using Values = std::vector<Bytes>;
using Popped = std::optional<Bytes>;

std::string text_of(std::uint64_t number) {
    return std::to_string(number);
}
std::string text_of_popped(const Popped& value) {
    return value.value_or("(none)");
}

class ListSubject : public KeySubject {
public:
    [[nodiscard]] std::string read(const KeyState& state, time::Hlc now) const override {
        return text(*list_range(state, {}, now), *list_length(state, now));
    }

protected:
    Command next_of_type(base::Rng& rng) override {
        const std::uint64_t dice = rng.below(100);
        if (dice < 25) {
            return push(rng, rng.below(2) == 0);
        }
        if (dice < 60) {
            return insert(rng);
        }
        if (dice < 75) {
            return pop(rng.below(2) == 0);
        }
        if (dice < 85) {
            return remove(index(rng));
        }
        return dice < 97 ? set(rng) : trim(rng);
    }

    [[nodiscard]] bool exists() const override { return !model_.empty(); }
    void clear() override { model_.clear(); }
    [[nodiscard]] std::string read_empty() const override { return text({}, 0); }
    [[nodiscard]] std::string read_of_type() const override { return text(model_, model_.size()); }

private:
    static std::string text(const Values& values, std::uint64_t length) {
        std::string all = std::to_string(length) + ":";
        for (const Bytes& value : values) {
            all += " " + value;
        }
        return all;
    }

    Values some_values(base::Rng& rng) {
        Values values;
        for (std::uint64_t i = 0; i < 1 + rng.below(3); ++i) {
            values.push_back(std::to_string(++names_));
        }
        return values;
    }
    static std::int64_t index(base::Rng& rng) { return rng.between(-8, 8); }

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(model_.size()); }
    [[nodiscard]] std::int64_t from_front(std::int64_t index) const {
        return index < 0 ? index + size() : index;
    }
    [[nodiscard]] bool has(std::int64_t at) const { return at >= 0 && at < size(); }

    Command push(base::Rng& rng, bool front) {
        const Values values = some_values(rng);
        Run<std::uint64_t> run = [=](const KeyState& state, const Writer& writer) {
            return front ? list_push_front(state, values, writer)
                         : list_push_back(state, values, writer);
        };
        return {.run = replying(run, text_of), .model = [=, this](time::Hlc) {
                    for (const Bytes& value : values) {
                        model_.insert(front ? model_.begin() : model_.end(), value);
                    }
                    return std::to_string(model_.size());
                }};
    }

    Command insert(base::Rng& rng) {
        const Values values = some_values(rng);
        const ListPlace place{rng.below(2) == 0 ? Side::kBefore : Side::kAfter, index(rng)};
        Run<std::uint64_t> run = [=](const KeyState& state, const Writer& writer) {
            return list_insert(state, place, values, writer);
        };
        return {.run = replying(run, text_of), .model = [=, this](time::Hlc) {
                    const std::int64_t named = from_front(place.index);
                    const bool at_end = place.side == Side::kBefore && place.index == size();
                    if (!has(named) && !at_end) {
                        // After the one before the first is before the first.
                        if (place.side != Side::kAfter || named != -1 || model_.empty()) {
                            return std::string("error");
                        }
                    }
                    const std::int64_t at = named + (place.side == Side::kAfter ? 1 : 0);
                    model_.insert(model_.begin() + at, values.begin(), values.end());
                    return std::to_string(model_.size());
                }};
    }

    std::string take(std::int64_t at) {
        if (!has(at)) {
            return "(none)";
        }
        const Bytes value = model_[static_cast<std::size_t>(at)];
        model_.erase(model_.begin() + at);
        return value;
    }

    Command pop(bool front) {
        const Run<Popped> run = front ? Run<Popped>(list_pop_front) : Run<Popped>(list_pop_back);
        return {.run = replying(run, text_of_popped),
                .model = [=, this](time::Hlc) { return take(front ? 0 : size() - 1); }};
    }

    Command remove(std::int64_t index) {
        Run<Popped> run = [=](const KeyState& state, const Writer& writer) {
            return list_remove(state, index, writer);
        };
        return {.run = replying(run, text_of_popped),
                .model = [=, this](time::Hlc) { return take(from_front(index)); }};
    }

    Command set(base::Rng& rng) {
        const std::int64_t at = index(rng);
        const Bytes value = std::to_string(++names_);
        Run<Bytes> run = [=](const KeyState& state, const Writer& writer) {
            return list_set(state, at, value, writer);
        };
        return {.run = replying(run, [](const Bytes& old) { return old; }),
                .model = [=, this](time::Hlc) {
                    if (!has(from_front(at))) {
                        return std::string("error");
                    }
                    return std::exchange(model_[static_cast<std::size_t>(from_front(at))], value);
                }};
    }

    Command trim(base::Rng& rng) {
        const ListRange range{index(rng) / 4, index(rng)};
        Run<std::uint64_t> run = [=](const KeyState& state, const Writer& writer) {
            return list_trim(state, range, writer);
        };
        return {.run = replying(run, text_of), .model = [=, this](time::Hlc) {
                    Values kept;
                    const std::int64_t first = from_front(range.first);
                    for (std::int64_t at = 0; at < size(); ++at) {
                        if (at >= first && at <= from_front(range.last)) {
                            kept.push_back(model_[static_cast<std::size_t>(at)]);
                        }
                    }
                    std::swap(kept, model_);
                    return std::to_string(kept.size() - model_.size());
                }};
    }

    Values model_;
    std::uint64_t names_ = 0;
};

TEST(ListProperty, ConvergesAndInTurnIsTheModel) {
    run_all<ListSubject>();
}

}  // namespace
}  // namespace distkv::crdt::test
