function restore = seed_random(seed)
  % Seeds rand (and randi, randperm) and randn; when RESTORE is cleared, the states of before
  % are back.
  states = {rand('twister'), randn('twister')};
  restore = onCleanup(@() restore_random(states));
  rand('twister', seed);
  randn('twister', seed);
end

function restore_random(states)
  rand('twister', states{1});
  randn('twister', states{2});
end
