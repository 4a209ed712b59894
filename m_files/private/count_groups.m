function [alike, follows] = count_groups(counts)
  % For each neuron, how many of equal count follow in a row, itself included, and whether the
  % one before it has the same count.
  same = [counts(2:end) == counts(1:end - 1), false];
  alike = ones(size(counts));
  for k = numel(counts) - 1:-1:1
    if same(k)
      alike(k) = alike(k + 1) + 1;
    end
  end
  follows = [false, same(1:end - 1)];
end
