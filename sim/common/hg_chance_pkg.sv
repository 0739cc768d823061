// SPDX-License-Identifier: Apache-2.0
// Chance of the simulated surroundings: xorshift32, alike on every simulator. Simulation only.
package hg_chance_pkg;
  // The state behind one that is not zero
  function automatic int unsigned stir(int unsigned state);
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
  endfunction

  // A number of 0..most-1 from a state
  function automatic int unsigned below(int unsigned most, int unsigned state);
    return (state >> 8) % most;
  endfunction
endpackage
