#include <gtest/gtest.h>

#include "distkv/verb_test.h"

namespace distkv::distkv {
namespace {

struct Refusal {
    const char* line;
    const char* says;
};

// Each message says what was wrong and what would be right.
TEST(CommandLine, RefusesWithAReason) {
    for (const Refusal& c : std::vector<Refusal>{
             {"smi", "distkv has no verb 'smi'; did you mean 'sim'?"},
             {"--bogus", "distkv has no option '--bogus'; distkv --help lists what there is"},
             {"help phsyics", "distkv has no verb 'phsyics'; did you mean 'physics'?"},
             {"help sim gosip", "distkv sim has no verb 'gosip'; did you mean 'gossip'?"},
             {"sim gosip", "distkv sim has no verb 'gosip'; did you mean 'gossip'?"},
             {"sim gossip --nodse 3", "has no option '--nodse'; did you mean '--nodes'?"},
             {"sim gossip --sed=3", "has no option '--sed=3'; did you mean '--seed'?"},
             {"sim gossip foo", "distkv sim gossip takes no 'foo'"},
             {"sim gossip --nodes 1", "--nodes: '1' is out of range; 2 to 100 would be right"},
             {"sim gossip --nodes 101", "2 to 100"},
             {"sim gossip --nodes x", "'x' is not a whole number"},
             {"sim gossip --nodes", "--nodes needs a value; distkv sim gossip --help"},
             {"sim gossip --seed -1", "--seed"},
             {"sim gossip --seed 18446744073709551616", "too large"},
             {"sim gossip --seed 1 --seed 2", "--seed stands there more than once; once"},
             {"sim gossip --seeds 0", "1 to 1,000,000"},
             {"sim gossip --seeds 1000001", "1 to 1,000,000"},
             {"sim gossip --seed 18446744073709551615 --seeds 2", "pass 2^64-1"},
             {"sim gossip --for 59s", "too short"},
             {"sim gossip --for 25h", "too long"},
             {"sim gossip --for 10", "not a duration"},
             {"sim gossip --nodes 100 --for 60s", "too short for 100 nodes"},
             {"sim gossip --jobs 0", "1 to 256"},
             {"sim gossip --reactors 9", "1 to 8"},
             {"sim gossip --json=3", "--json takes no value"},
             {"sim gossip --seeds 2 --trace /dev/null", "--trace writes the events of one run"},
             {"sim gossip --hash-list /nonexistent/x", "cannot write /nonexistent/x"},
             {"sim gossip --trace /nonexistent/x", "cannot write /nonexistent/x"},
             {"sim demo --seed x", "'x' is not a whole number"},
             {"physics us-east", "1 place; 2 to 64 would be right"},
             {"physics us-est eu-west", "did you mean 'us-east'?"},
             {"physics budgte x", "distkv physics has no verb 'budgte'; did you mean 'budget'?"},
             {"physics us-east virginia", "there already"},
             {"physics 91,0 us-east", "latitude goes from -90 to 90"},
             {"physics us-east tokyo --cut us-east", "is no link between two of the places"},
             {"physics us-east tokyo --cut us-east-lagos", "is no link"},
             {"physics us-east tokyo --route-factor 0.5", "1 to 100"},
             {"physics us-east tokyo --route-factor nan", "1 to 100"},
             {"physics budget", "distkv physics budget needs FILE; distkv physics budget --help"},
             {"physics budget /nonexistent", "cannot read /nonexistent"},
             {"physics budget /dev/zero", "cannot read /dev/zero"},
             {"physics us-east tokyo --cut", "--cut needs a value"},
             {"physics cone a@b", "distkv physics cone needs PLACE@TIME and PLACE@TIME; "},
             {"physics cone us-east x", "is no event"},
             {"physics cone nowhere@2026-11-20T10:15:00Z lagos@2026-11-20T10:15:00Z", "no place"},
             {"clock --limit 0s", "too short"},
             {"clock --declared 2h", "too long"},
             {"log verify", "distkv log verify needs DIR"},
             {"store stats", "distkv store stats needs DIR"},
             {"clock now", "distkv clock takes no 'now'"},
         }) {
        const Ran ran = run_line(c.line);
        EXPECT_EQ(ran.code, Exit::kBadUsage) << c.line;
        EXPECT_EQ(ran.out, "") << c.line;
        EXPECT_TRUE(ran.err.starts_with("distkv: ")) << c.line << '\n' << ran.err;
        EXPECT_NE(ran.err.find(c.says), std::string::npos) << c.line << '\n' << ran.err;
        EXPECT_NE(ran.err.find_first_of(";:", 8), std::string::npos) << c.line << '\n' << ran.err;
    }
}

TEST(CommandLine, BareVerbsAndHelpTeach) {
    for (const char* line : {"", "help", "--help", "-h"}) {
        const Ran ran = run_line(line);
        EXPECT_EQ(ran.code, Exit::kFine) << line;
        for (const char* verb : {"  sim  ", "  physics  ", "  clock  ", "Try:"}) {
            EXPECT_NE(ran.out.find(verb), std::string::npos) << line;
        }
    }
    EXPECT_NE(run_line("sim").out.find("gossip"), std::string::npos);
    EXPECT_EQ(run_line("physics").out, run_line("physics --help").out);
    EXPECT_EQ(run_line("help sim gossip").out, run_line("sim gossip --help").out);
    EXPECT_NE(run_line("physics budget --help").out.find("[services.web]"), std::string::npos);
    EXPECT_NE(run_line("sim gossip --help").out.find("distkv sim gossip --"), std::string::npos);
    EXPECT_NE(run_line("physics cone --help").out.find("Timelike"), std::string::npos)
        << "every level has a help of its own";
}

// A place that takes nothing, like a full disk.
struct Nowhere : std::streambuf {};

TEST(CommandLine, AnAnswerThatCannotBeWrittenIsNoSuccess) {
    for (const char* verb : {"help", "physics", "sim"}) {
        Nowhere nowhere;
        std::ostream out(&nowhere);
        std::ostringstream err;
        EXPECT_EQ(run_command_line({verb}, {.out = out, .err = err}), Exit::kRefused) << verb;
        EXPECT_EQ(err.str(), "distkv: could not write all of the answer; is the disk full?\n");
    }
}

TEST(CommandLine, SaysItsVersion) {
    EXPECT_EQ(run_line("--version").out, "distkv 0.1.0\n");
}

TEST(CommandLine, LimitsWhatAStrangerSends) {
    EXPECT_EQ(run_words(std::vector<std::string>(10'000, "sim")).code, Exit::kBadUsage);
    EXPECT_EQ(run_words({std::string(1'000'000, 'x')}).code, Exit::kBadUsage);
    const std::string red = "\x1b[31msim";
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {red},
             {"physics", red, "tokyo"},
             {"physics", "budget", red},
             {"physics", "cone", red + "@x", "tokyo@x"},
             {"sim", "gossip", "--hash-list", "/nonexistent/" + red},
             {"log", "verify", red},
             {"store", "stats", red},
         }) {
        const Ran ran = run_words(words);
        EXPECT_EQ(ran.code, Exit::kBadUsage) << ran.err;
        EXPECT_NE(ran.err.find("?[31msim"), std::string::npos) << ran.err;
        EXPECT_EQ(ran.err.find('\x1b'), std::string::npos) << ran.err;
    }
}

}  // namespace
}  // namespace distkv::distkv
