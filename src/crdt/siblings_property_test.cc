#include "crdt/siblings.h"
#include "crdt/subject_runs_test.h"

namespace distkv::crdt::test {
namespace {

class SiblingsSubject : public KeySubject {
public:
    [[nodiscard]] std::string read(const KeyState& state, time::Hlc now) const override {
        return text(read_siblings(state, "key", now)->values);
    }

protected:
    Command next_of_type(base::Rng& rng) override {
        if (rng.below(3) == 0) {
            return {.run = [this](const KeyState& state,
                                  const Writer& writer) -> base::Result<Outcome<std::string>> {
                        const Siblings found = TRY(read_siblings(state, "key", writer.dot.hlc));
                        contexts_.push_back(found.context);
                        return Outcome<std::string>{text(found.values), {}};
                    },
                    .model =
                        [this](time::Hlc) {
                            covered_.push_back(last_);
                            return read_of_type();
                        }};
        }
        const bool blind = contexts_.empty() || rng.below(3) == 0;
        // Mostly what was read lately.
        const std::size_t back =
            blind ? 0 : 1 + rng.below(std::min<std::size_t>(contexts_.size(), 4));
        const std::size_t which = contexts_.size() - back;
        const std::string value = std::to_string(++names_);
        std::optional<base::Bytes> context;
        if (!blind) {
            context = contexts_[which];
        }
        Run<std::uint64_t> run = [value, context](const KeyState& state, const Writer& writer) {
            return write_sibling(state, {"key", value, context}, writer);
        };
        return {.run = replying(run, [](std::uint64_t n) { return std::to_string(n); }),
                .model = [this, value, blind, which](time::Hlc) {
                    const std::uint64_t covered = blind ? 0 : covered_[which];
                    std::erase_if(values_, [&](const auto& old) { return old.first <= covered; });
                    values_.emplace_back(++last_, value);
                    return std::to_string(values_.size());
                }};
    }
    [[nodiscard]] bool exists() const override { return !values_.empty(); }
    void clear() override { values_.clear(); }
    [[nodiscard]] std::string read_empty() const override { return ""; }
    [[nodiscard]] std::string read_of_type() const override {
        std::vector<base::Bytes> all;
        for (const auto& [number, value] : values_) {
            all.push_back(value);
        }
        return text(all);
    }

private:
    static std::string text(const std::vector<base::Bytes>& values) {
        std::string all;
        for (const base::Bytes& value : values) {
            all += value + " ";
        }
        return all;
    }

    std::vector<base::Bytes> contexts_;
    std::vector<std::uint64_t> covered_;  // By each context: up to that value.
    std::vector<std::pair<std::uint64_t, base::Bytes>> values_;
    std::uint64_t last_ = 0;
    std::uint64_t names_ = 0;
};

TEST(SiblingsProperty, ConvergesAndInTurnIsTheModel) {
    run_all<SiblingsSubject>();
}

}  // namespace
}  // namespace distkv::crdt::test
