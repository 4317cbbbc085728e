#include "distkv/clock.h"

#include <ostream>

#include "distkv/json.h"
#include "distkv/table.h"
#include "time/duration_text.h"
#include "time/hlc.h"

namespace distkv::distkv {
namespace {

constexpr std::string_view kAdvice =
    R"(What can be done, the best first:
  run ClockBound's daemon beside chrony: it keeps a bound that is sound
  run chrony (apt install chrony): `chronyc tracking` should show a leap status of Normal
  answer for a bound yourself: distkv clock --declared 50ms, if you know what disciplines the clock
Until then commit-wait, primary leases and staleness bounds in milliseconds are off. Everything else
goes on: data flows, and read leases rest on the monotonic clock.
)";

struct Answer {
    time::SourcesVerdict verdict;
    base::Result<time::Duration> epsilon;
};

Answer judge(const ClockQuestion& question, const ClockSight& sight) {
    time::EpsilonOptions options;
    options.limit = question.limit;
    options.declared = question.declared;
    Answer answer{time::judge_sources(sight.readings, options, sight.mono, sight.wall),
                  base::fail(base::Errc::kRetry, "")};
    answer.epsilon =
        answer.verdict.epsilon
            ? answer.verdict.epsilon->at(sight.mono)
            : base::Result<time::Duration>(std::unexpected(answer.verdict.epsilon.error()));
    return answer;
}

void print_sources(const Answer& answer, const Output& output) {
    Table table({{"source"}, {"trusted"}, {"why"}});
    for (const time::SourceVerdict& source : answer.verdict.sources) {
        table.row({std::string(time::name_of(source.source)),
                   {source.trusted ? "yes" : "no", source.trusted ? Tone::kGood : Tone::kFaint},
                   printable(source.why)});
    }
    table.print(output.out, output.out_colours);
    output.out << '\n';
}

void print_answer(const Answer& answer, const ClockSight& sight, const Output& output) {
    const auto bold = [&](const char* text) {
        return painted(text, Tone::kBold, output.out_colours);
    };
    output.out << bold("wall clock  ") << time::to_string(sight.wall) << '\n';
    if (!answer.epsilon) {
        // The error repeats the table.
        output.out << bold("interval    ") << painted("none", Tone::kBad, output.out_colours)
                   << ": nothing above can be trusted\n\n"
                   << kAdvice;
        return;
    }
    const auto interval = time::Interval::around(sight.wall, *answer.epsilon);
    output.out << bold("earliest    ") << time::to_string(interval.earliest) << '\n'
               << bold("latest      ") << time::to_string(interval.latest) << '\n'
               << bold("epsilon     ")
               << painted(time::to_text(*answer.epsilon), Tone::kGood, output.out_colours)
               << ", by " << time::name_of(answer.verdict.epsilon->source) << '\n';
}

Json json_of(const Answer& answer, const ClockSight& sight) {
    Json::Array sources;
    for (const time::SourceVerdict& source : answer.verdict.sources) {
        sources.emplace_back(Json::Object{{"source", time::name_of(source.source)},
                                          {"trusted", source.trusted},
                                          {"why", printable(source.why)}});
    }
    Json::Object object{{"wall", time::to_string(sight.wall)},
                        {"trusted", answer.epsilon.has_value()}};
    if (answer.epsilon) {
        const auto interval = time::Interval::around(sight.wall, *answer.epsilon);
        object.emplace_back("earliest", time::to_string(interval.earliest));
        object.emplace_back("latest", time::to_string(interval.latest));
        object.emplace_back("epsilon_ms", time::to_millis(*answer.epsilon));
        object.emplace_back("source", time::name_of(answer.verdict.epsilon->source));
    } else {
        object.emplace_back("why", printable(answer.epsilon.error().detail));
    }
    object.emplace_back("sources", std::move(sources));
    return object;
}

}  // namespace

Exit show_clock(const ClockQuestion& question, const ClockSight& sight, const Output& output) {
    const Answer answer = judge(question, sight);
    if (question.json) {
        output.out << json_of(answer, sight).line() << '\n';
    } else {
        print_sources(answer, output);
        print_answer(answer, sight, output);
    }
    return answer.epsilon ? Exit::kFine : Exit::kRefused;
}

}  // namespace distkv::distkv
