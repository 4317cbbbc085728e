#include "raft_lab/lab.h"

#include <initializer_list>
#include <map>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "raft_lab/script.h"

namespace distkv::raft_lab {
namespace {

// What is said about the last of these lines.
std::string complaint(const std::vector<std::string>& lines) {
    Script script;
    std::string said;
    for (const std::string& line : lines) {
        const auto done = script.take(line);
        said = done ? "" : done.error().detail;
    }
    return said;
}

TEST(Lab, AMistakeIsNamedWithItsLineAndWhatWouldBeRight) {
    struct Case {
        std::vector<std::string> lines;
        std::string_view said;
    };
    const Case cases[] = {
        {{"tick n1"}, "line 1: there are no cores yet; a line above this one like 'cores 3'"},
        {{"", "# x", "cores 8"}, "line 3: '8' is no number that can stand here; 1 to 7"},
        {{"cores"}, "line 1: the line ends too early; how many, 1 to 7,"},
        {{"cores 3 4"}, "line 1: '4' is too much; the end of the line"},
        {{"cores 1", "cores 1"}, "line 2: there are cores already;"},
        {{"cores 1", "set inflight 3"}, "line 2: the cores have started already;"},
        {{"set colour red"}, "line 1: 'colour' is nothing that can be set; one of leases,"},
        {{"set inflight 0"}, "line 1: '0' is no number that can stand here; 1 to 256"},
        {{"set leases maybe"}, "line 1: 'maybe' is no value of leases; 'on' or 'off'"},
        {{"voters"}, "line 1: nobody is named;"},
        {{"voters 1 1"}, "line 1: n1 is named twice;"},
        {{"voters 1x"}, "line 1: '1x' is no member;"},
        {{"voters 1@"}, "line 1: '1@' is no member;"},
        {{"voters 1w"}, "line 1: nobody could lead this group;"},
        {{"voters 1 2 3 4 5 6 7 8"}, "line 1: 8 members are too many; 1 to 7"},
        {{"cores 2", "tikc n1"}, "line 2: there is no verb 'tikc'; 'tick' would be right"},
        {{"cores 2", "fly"}, "line 2: there is no verb 'fly'; a verb like"},
        {{"cores 2", "quiet"}, "line 2: there is no verb ''; a verb like"},
        {{"cores 2", "tick n0"}, "line 2: 'n0' names no core; n1 to n9"},
        {{"cores 2", "tick n3"}, "line 2: there is no core n3; one of n1, n2"},
        {{"cores 2", "tick all 1001"}, "line 2: '1001' is no number that can stand here;"},
        {{"cores 2", "crash n1", "tick n1"}, "line 3: n1 is down; 'restart n1' first"},
        {{"cores 2", "restart n1"}, "line 2: n1 is up; 'crash n1' first"},
        {{"cores 2", "lose-disk n1", "restart n1"}, "line 3: n1 has forgotten"},
        {{"cores 2", "lose-disk n1", "tick n1"}, "line 3: n1 is down; another core"},
        {{"cores 2", "deliver n1"}, "line 2: 'n1' does not say from whom to whom;"},
        {{"cores 2", "deliver n1->n2 letters"}, "line 2: 'letters' says not which messages;"},
        {{"cores 2", "partition"}, "line 2: the partition names nobody;"},
        {{"cores 2", "partition 1 | 1"}, "line 2: n1 is named twice;"},
        {{"cores 2", "propose n1"}, "line 2: there is nothing to propose;"},
        {{"cores 2", "elect n1", "partition 1 | 2", "elect n2"}, "line 4: n2 was not elected;"},
        {{"cores 2", "change n1"}, "line 2: the change is empty;"},
        {{"cores 2", "change n1 adopt 3"}, "line 2: 'adopt' is no part of a change;"},
        {{"cores 2", "read n1 fast"}, "line 2: 'fast' is no way to read;"},
        {{"cores 2", "persist n1"}, "line 2: the storage of n1 holds nothing;"},
        {{"cores 2", "refuse n1"}, "line 2: the storage of n1 holds nothing that it could"},
        {{"cores 2", "again n1 7"}, "line 2: the storage of n1 has given no answer 7;"},
        {{"cores 2", "compact n1 1"}, "line 2: n1 has applied nothing"},
        {{"cores 1", "elect n1", "compact n1 2"}, "line 3: '2' is no number that can stand"},
        {{"cores 2", "damage n1 1"}, "line 2: n1 is up; 'crash n1' first"},
        {{"cores 2", "crash n1", "damage n1 1"}, "line 3: the log of n1 is empty;"},
    };
    for (const Case& each : cases) {
        const std::string said = complaint(each.lines);
        EXPECT_TRUE(said.starts_with(each.said)) << said << "\n instead of " << each.said;
        EXPECT_NE(said.find(" would be right"), std::string::npos) << said;
    }
}

TEST(Lab, TheSameLinesGiveTheSameRun) {
    const auto run = [](const std::string& seed) {
        Script script;
        std::vector<std::string> trace;
        for (const std::string& line :
             {"set seed " + seed, std::string("cores 5"), std::string("run 200")}) {
            EXPECT_TRUE(script.take(line).has_value());
            for (std::string& each : script.lab().take_trace()) {
                trace.push_back(std::move(each));
            }
        }
        return trace;
    };
    EXPECT_EQ(run("7"), run("7"));
    EXPECT_NE(run("7"), run("8"));
}

TEST(Lab, AGroupLeftAloneElectsAndStaysWithIt) {
    Lab lab;
    ASSERT_TRUE(lab.run("cores 7").has_value());
    ASSERT_TRUE(lab.run("run 100").has_value());
    ASSERT_TRUE(lab.run("run 500").has_value());
    std::size_t leaders = 0;
    for (const std::string& line : lab.describe()) {
        EXPECT_NE(line.find("\"term\":1,"), std::string::npos) << line;
        leaders += line.find("\"role\":\"leader\"") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(leaders, 1U);
}

TEST(Lab, TheNetworkHasAnEnd) {
    Lab lab;
    ASSERT_TRUE(lab.run("cores 7").has_value());
    std::string said;
    for (std::size_t n = 0; n < 100 && said.empty(); ++n) {
        const auto done = lab.run("tick all 1000");
        said = done ? "" : done.error().detail;
    }
    EXPECT_TRUE(said.starts_with("more than 5000 messages are under way;")) << said;
}

TEST(Lab, ALineIsNotToldWhenItIsQuiet) {
    Lab lab;
    ASSERT_TRUE(lab.run("cores 1").has_value());
    ASSERT_TRUE(lab.run("quiet elect n1").has_value());
    EXPECT_TRUE(lab.take_trace().empty());
}

// Lines that anybody might write, drawn at random.
class Scribbler {
public:
    explicit Scribbler(std::uint64_t seed) : rng_(seed) {}

    std::string beginning() {
        return "voters 1 2 " + any({"3", "3w", "3@1", "3 4 5 regions-min 2", "3^2 learners 4"});
    }

    std::string line() {
        const std::string path = any({"*", one()}) + "->" + any({"*", one()});
        switch (rng_.below(24)) {
            case 0:
                return any({"campaign ", "elect ", "forget ", "sleep ", "wake "}) + one();
            case 1:
                return any({"hold ", "release ", "refuse ", "hold-apply ", "apply "}) + one();
            case 2:
                return "persist " + one() + any({"", " 1", " 2"});
            case 3:
                return any({"crash ", "restart ", "restart "}) + one();
            case 4:
                return "crash " + one() + any({" 1", " 2"});
            case 5:
                return any({"damage ", "compact ", "again "}) + one() + " " + small();
            case 6:
                return "change " + one() + any({" add ", " add-learner ", " remove "}) + small() +
                       any({"", " joint", " stay", " remove " + small()});
            case 7:
                return any({"change " + one() + " leave", "transfer " + one() + " " + one(),
                            "contact " + one() + " " + one(), "ceiling " + one() + " " + small()});
            case 8:
                return any({"partition 1 | 2 3", "partition " + small(), "cut " + path, "heal"});
            case 9:
                return any({"drop ", "copy ", "copy "}) + path;
            case 10:
                return "read " + one() + any({"", " index", " quorum"});
            case 11:
                return any({"tick all ", "tick " + one() + " ", "wait ", "run "}) +
                       any({"1", "5", "30"});
            case 12:
            case 13:
            case 14:
                return "propose " + one() + " x=" + std::to_string(rng_.below(1000));
            case 15:
            case 16:
                return "run " + any({"5", "40"});
            default:
                return "deliver " + any({"all", path, path + " last", path + " append"});
        }
    }

private:
    std::string any(std::initializer_list<std::string> choices) {
        return *(choices.begin() + rng_.below(choices.size()));
    }
    std::string small() { return std::to_string(1 + rng_.below(6)); }
    std::string one() { return "n" + std::to_string(1 + rng_.below(4)); }

    base::Rng rng_;
};

// What a group must not contradict itself about: who led a term, and what was applied where.
class Judge {
public:
    void take(const std::string& told) {
        const std::size_t name = told.find('n');
        const std::string who = told.substr(name, 2);
        for (const std::string_view what : {": becomes leader of ", ": applies "}) {
            const std::size_t at = told.find(what);
            if (at == name + 2) {
                const std::string said = told.substr(at + what.size());
                const bool leads = what == ": becomes leader of ";
                once(leads ? said : said.substr(0, said.find('/')), leads ? who : said);
            }
        }
    }

private:
    void once(const std::string& key, const std::string& value) {
        const auto [known, is_new] = said_.emplace(key, value);
        EXPECT_EQ(known->second, value) << key;
    }

    std::map<std::string, std::string> said_;
};

// The cores check themselves; the judge sees what no single one can.
TEST(Lab, NothingThatIsWrittenBreaksAGroup) {
    std::size_t done = 0;
    std::size_t applied = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Scribbler scribbler(seed);
        Judge judge;
        Lab lab;
        ASSERT_TRUE(lab.run("set cache-bytes " + std::to_string(seed % 2 * 1000)).has_value());
        ASSERT_TRUE(lab.run(scribbler.beginning()).has_value());
        for (std::size_t n = 0; n < 120; ++n) {
            done += lab.run(scribbler.line()).has_value() ? 1 : 0;
            for (const std::string& told : lab.take_trace()) {
                judge.take(told);
                applied += told.find(": applies ") != std::string::npos ? 1 : 0;
            }
        }
    }
    EXPECT_GT(done, 20'000U);
    EXPECT_GT(applied, 2000U);
}

}  // namespace
}  // namespace distkv::raft_lab
