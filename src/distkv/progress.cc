#include "distkv/progress.h"

#include <ostream>

#include "distkv/number_text.h"

namespace distkv::distkv {
namespace {

using namespace std::chrono_literals;

constexpr time::Duration kRedrawEvery = 200ms;
constexpr time::Duration kLineEvery = 30s;
constexpr std::uint64_t kBarWidth = 28;

std::string minutes_seconds(time::Duration duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    return std::to_string(seconds / 60) + "m" + (seconds % 60 < 10 ? "0" : "") +
           std::to_string(seconds % 60) + "s";
}

}  // namespace

Progress::~Progress() {
    if (drawn_) {
        output_.err << "\r\x1b[K" << std::flush;
    }
}

void Progress::show(std::uint64_t done, time::Duration elapsed) {
    if (elapsed < next_) {
        return;
    }
    next_ = elapsed + (output_.err_terminal ? kRedrawEvery : kLineEvery);
    draw(done, elapsed);
}

void Progress::draw(std::uint64_t done, time::Duration elapsed) {
    std::string line =
        what_ + " " + grouped(done) + " of " + grouped(total_) + ", " + minutes_seconds(elapsed);
    if (done > 0 && done < total_) {
        const double left = static_cast<double>(elapsed.count()) *
                            static_cast<double>(total_ - done) / static_cast<double>(done);
        line +=
            ", about " + minutes_seconds(time::Duration(static_cast<std::int64_t>(left))) + " left";
    }
    if (!output_.err_terminal) {
        output_.err << line << std::endl;
        return;
    }
    const std::uint64_t filled = total_ == 0 ? 0 : kBarWidth * done / total_;
    output_.err << "\r\x1b[K[" << std::string(filled, '#') << std::string(kBarWidth - filled, '.')
                << "] " << line << std::flush;
    drawn_ = true;
}

}  // namespace distkv::distkv
