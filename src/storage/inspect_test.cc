#include "storage/inspect.h"

#include <gtest/gtest.h>

#include "storage/applied_mark.h"
#include "storage/change_set.h"
#include "storage/threshold.h"
#include "storage/versions_model_test.h"

namespace distkv::storage {
namespace {

// The rows of a plan, and the store's own records.
std::map<base::Bytes, base::Bytes> rows(std::uint64_t seed) {
    const versions::Plan plan = versions::make_plan(seed, 200);
    std::map<model::KeyName, crdt::KeyState> states;
    std::map<base::Bytes, base::Bytes> entries;
    std::vector<crdt::Dropped> dropped;
    for (const versions::Arrival& arrival : plan.arrivals) {
        Batch batch;
        add_to(batch, merge_into(states[arrival.name], arrival.name, arrival.effects, dropped));
        conformance::apply_to(entries, batch);
    }
    entries[applied_key({7})] = encode_mark({200});
    entries[threshold_key({9})] = encode_threshold(plan.seen_after(10));
    return entries;
}

TEST(Inspection, CountsWhatIsThere) {
    Inspection inspection;
    std::uint64_t bytes = 0;
    const auto entries = rows(1);
    for (const auto& [key, value] : entries) {
        inspection.row(key, value);
        bytes += key[3] == 0 ? 0 : key.size() + value.size();
    }
    EXPECT_TRUE(inspection.problems().empty()) << inspection.problems().front();
    ASSERT_EQ(inspection.keyspaces().size(), 2U);
    std::uint64_t counted = 0;
    std::uint64_t all = 2;
    for (const auto& [id, census] : inspection.keyspaces()) {
        EXPECT_GT(census.keys, 5U);
        EXPECT_GT(census.gone, 0U);
        EXPECT_GE(census.versions, census.cells);
        EXPECT_GE(census.cells, census.keys);
        all += census.versions + census.summaries;
        counted += census.bytes;
    }
    EXPECT_EQ(all, entries.size());
    EXPECT_EQ(counted, bytes);
    EXPECT_EQ(inspection.applied().at(7), 200U);
    EXPECT_EQ(inspection.collected().size(), 1U);
}

TEST(Inspection, NamesWhatNoRowMayBe) {
    Inspection inspection;
    const auto entries = rows(2);
    const auto& [key, value] = *entries.rbegin();
    inspection.row(key.substr(0, key.size() - 1), value);
    inspection.row(key, value.substr(0, 1));
    inspection.row(key, "");
    inspection.row(base::Bytes("\0\0\0\0\x09\0\0\0\0\0\0\0\0", 13), "");
    inspection.row(base::Bytes(3, '\0'), "");
    ASSERT_EQ(inspection.problems().size(), 5U);
    EXPECT_TRUE(inspection.problems().front().starts_with("row 0000000"));
    for (int i = 0; i < 1000; ++i) {
        inspection.row("", "");
    }
    EXPECT_EQ(inspection.problems().size(), Inspection::kProblemsMax);
    EXPECT_EQ(inspection.problems_found(), 1005U);
}

}  // namespace
}  // namespace distkv::storage
