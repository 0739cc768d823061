// SPDX-License-Identifier: Apache-2.0
// Bounded streams between processes: hls::stream in synthesis, a checked model of it in C simulation.
//
// In C simulation every process of a dataflow region is a thread and every stream holds at most its
// depth. When all living processes wait, nothing can ever move again: the run ends with exit code 3
// and a sentence that names each process with the stream it waits for.
#ifndef HG_STREAM_HPP
#define HG_STREAM_HPP

#include "types.hpp"

#ifdef __SYNTHESIS__

#include <hls_stream.h>

namespace hg {
template <typename T, int Depth>
using stream = hls::stream<T, Depth>;
template <typename T>
using port_stream = hls::stream<T>;
}

#else

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hg {

constexpr int DEADLOCK_EXIT = 3;

// One waiting side of a stream.
struct Wait {
    std::string process;
    std::string stream;
    bool full;  // else empty
    const std::function<bool()> *ready;
    std::condition_variable *changed;
};

// Knows who lives and who waits; the only place where threads sleep.
class Simulation {
  public:
    static Simulation &get() {
        static Simulation instance;
        return instance;
    }

    void enter() { ++living_; }

    void leave() {
        std::lock_guard<std::mutex> guard(mutex_);
        --living_;
        check();
        wake_ready();
    }

    void wake() {
        std::lock_guard<std::mutex> guard(mutex_);
        wake_ready();
    }

    // Whoever goes to sleep wakes all that can go on, so a stream need not wake for every element.
    void sleep(const std::string &stream, bool full, const std::function<bool()> &ready) {
        std::unique_lock<std::mutex> guard(mutex_);
        std::condition_variable changed;
        const Wait wait = {process(), stream, full, &ready, &changed};
        wake_ready();
        waits_.push_back(&wait);
        while (!ready()) {
            check();
            changed.wait(guard);
        }
        for (std::size_t i = 0; i < waits_.size(); ++i) {
            if (waits_[i] == &wait) {
                waits_.erase(waits_.begin() + std::ptrdiff_t(i));
                break;
            }
        }
    }

    static std::string &process() {
        static thread_local std::string name("main");
        return name;
    }

  private:
    Simulation() : living_(0) {}

    void wake_ready() {
        for (const Wait *wait : waits_) {
            if ((*wait->ready)()) wait->changed->notify_one();
        }
    }

    void check() {
        if (waits_.empty() || int(waits_.size()) < living_) return;
        for (const Wait *wait : waits_) {
            if ((*wait->ready)()) return;
        }
        std::fflush(stdout);
        std::fprintf(stderr, "deadlock:");
        const char *separator = " ";
        for (const Wait *wait : waits_) {
            std::fprintf(stderr, "%sprocess %s waits for %s stream %s", separator,
                         wait->process.c_str(), wait->full ? "full" : "empty", wait->stream.c_str());
            separator = "; ";
        }
        std::fprintf(stderr, "\n");
        std::fflush(stderr);
        std::_Exit(DEADLOCK_EXIT);
    }

    std::mutex mutex_;
    std::vector<const Wait *> waits_;
    std::atomic<int> living_;
};

// One writer, one reader, at most Depth elements; the interface of hls::stream. A sleeping partner is
// woken when the stream is half full (half empty), or when this side goes to sleep or ends.
template <typename T, int Depth>
class stream {
  public:
    explicit stream(const char *name) : name_(name), data_(Depth), head_(0), tail_(0), waiting_(0) {}

    bool empty() const { return head_.load() == tail_.load(); }
    bool full() const { return size() >= std::size_t(Depth); }

    void write(const T &value) {
        if (full()) block(true);
        data_[tail_.load() % Depth] = value;
        tail_.fetch_add(1);
        if (waiting_.load() != 0 && 2 * size() >= std::size_t(Depth)) Simulation::get().wake();
    }

    T read() {
        if (empty()) block(false);
        const T value = data_[head_.load() % Depth];
        head_.fetch_add(1);
        if (waiting_.load() != 0 && 2 * size() <= std::size_t(Depth)) Simulation::get().wake();
        return value;
    }

    bool read_nb(T &value) {
        if (empty()) return false;
        value = read();
        return true;
    }

    bool write_nb(const T &value) {
        if (full()) return false;
        write(value);
        return true;
    }

  private:
    std::size_t size() const { return tail_.load() - head_.load(); }

    stream(const stream &);
    stream &operator=(const stream &);

    // The flag is raised before the state is read again, the other side changes the state before
    // it reads the flag: with sequential consistency one of them sees the other.
    void block(bool when_full) {
        waiting_.fetch_add(1);
        Simulation::get().sleep(name_, when_full,
                                [this, when_full]() { return when_full ? !full() : !empty(); });
        waiting_.fetch_sub(1);
    }

    std::string name_;
    std::vector<T> data_;
    std::atomic<std::size_t> head_;
    std::atomic<std::size_t> tail_;
    std::atomic<int> waiting_;
};

// A stream that comes from outside: it holds all that was written before the start.
template <typename T>
class port_stream {
  public:
    explicit port_stream(const char *name) : name_(name), taken_(0) {}

    void write(const T &value) { data_.push_back(value); }

    T read() {
        if (taken_ == data_.size()) Simulation::get().sleep(name_, false, []() { return false; });
        return data_[taken_++];
    }

    std::size_t taken() const { return taken_; }

  private:
    std::string name_;
    std::vector<T> data_;
    std::size_t taken_;
};

// A dataflow region: each process on a thread of its own, all of them started before any may wait.
class Dataflow {
  public:
    template <typename F>
    void process(const char *name, F body) {
        names_.push_back(name);
        bodies_.push_back(body);
    }

    void run() {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < bodies_.size(); ++i) Simulation::get().enter();
        for (std::size_t i = 0; i < bodies_.size(); ++i) {
            threads.emplace_back([this, i]() {
                Simulation::process() = names_[i];
                bodies_[i]();
                Simulation::get().leave();
            });
        }
        for (std::thread &thread : threads) thread.join();
    }

  private:
    std::vector<std::string> names_;
    std::vector<std::function<void()>> bodies_;
};

}  // namespace hg

#endif
#endif
