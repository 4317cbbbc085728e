#include <set>

#include "crdt/hyperloglog.h"
#include "crdt/subject_runs_test.h"

namespace distkv::crdt::test {
namespace {

// So few that no two share a register: counts are exact.
class HyperLogLogSubject : public KeySubject {
public:
    [[nodiscard]] std::string read(const KeyState& state, time::Hlc now) const override {
        return std::to_string(*sketch_count(state, now));
    }

protected:
    Command next_of_type(base::Rng& rng) override {
        std::vector<base::Bytes> elements;
        for (std::uint64_t i = rng.below(4); i > 0; --i) {
            elements.push_back(std::to_string(rng.below(40)));
        }
        const bool merges = rng.below(5) == 0;
        Run<bool> run = [=](const KeyState& state, const Writer& writer) {
            Sketch other;
            for (const base::Bytes& element : elements) {
                other.add(element);
            }
            return merges ? sketch_merge(state, other, writer)
                          : sketch_add(state, elements, writer);
        };
        return {.run = replying(run, [](bool is) { return std::to_string(is ? 1 : 0); }),
                .model = [=, this](time::Hlc) {
                    bool changed = !exists_;
                    exists_ = true;
                    for (const base::Bytes& element : elements) {
                        changed = model_.insert(element).second || changed;
                    }
                    return std::to_string(changed ? 1 : 0);
                }};
    }
    [[nodiscard]] bool exists() const override { return exists_; }
    void clear() override {
        exists_ = false;
        model_.clear();
    }
    [[nodiscard]] std::string read_empty() const override { return "0"; }
    [[nodiscard]] std::string read_of_type() const override {
        return std::to_string(model_.size());
    }

private:
    std::set<base::Bytes> model_;
    bool exists_ = false;
};

TEST(HyperLogLogProperty, ConvergesAndInTurnIsTheModel) {
    run_all<HyperLogLogSubject>(kSeeds / 10);
}

}  // namespace
}  // namespace distkv::crdt::test
