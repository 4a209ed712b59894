function steps = sparse_steps(codes, zero, levels, width)
  % The steps of a matrix of CODES (out x in) from 0, most of them ZERO, of so many LEVELS;
  % WIDTH 0 means that the inputs are no image.  See sparse_coder.py.
  codes = double(codes.');
  mask = codes ~= zero;
  counts = sum(mask, 1);
  parts = cell(2, columns(codes));
  [alike, follows] = count_groups(counts);
  first = zeros(size(counts));
  for i = find(counts > 0)
    first(i) = find(mask(:, i), 1);
  end
  ordered = ~any(follows & first < [0, first(1:end - 1)]);
  shape = sparse_shape(rows(codes), width);
  shared = shape.shared;
  tables = sparse_tables(zero, levels - 1 - zero);
  for i = find(counts > 0)
    at = find(mask(:, i)).';
    w = shared;
    near = ones(size(w));
    start = 1;
    if ordered && follows(i)
      start = first(i - 1);
    end
    left = numel(at);
    together = 1;
    if ordered
      together = alike(i);
    end
    steps = zeros(3, left);
    for n = 1:left
      k = at(n);
      ends = next_ends(w, start, left, shape, together, k - start + 1);
      before = 0;
      if numel(ends) > 1
        before = ends(end - 1);
      end
      steps(:, n) = [before; ends(end) - before; 1048577 + numel(w) - start - left];
      if width > 0
        changed = shape.near_at(:, k);
        near(changed) = near(changed) + shape.near_by;
        w(changed) = shared(changed) .* near(changed);
      end
      start = k + 1;
      left = left - 1;
      together = 1;
    end
    parts{1, i} = steps;
    [parts{2, i}, tables] = level_steps(codes(at, i).' - zero, at, width, tables);
    shared = shared * shape.decay;
    for k = at
      changed = shape.shared_at(:, k);
      shared(changed) = shared(changed) + shape.shared_by;
    end
  end
  steps = [count_steps(counts), [double(ordered); 1; 2], parts{:}];
end

function steps = count_steps(counts)
  falling = ~any(diff(counts) > 0);
  numbers = counts(2:end);
  if falling
    numbers = -diff(counts);
  end
  steps = [[double(falling); 1; 2], whole_steps(counts(1), whole_contexts()), ...
           whole_steps(numbers, whole_contexts())];
end

function [steps, tables] = level_steps(ranks, at, width, tables)
  % The steps of the signs and ranks of one neuron's nonzeros.
  [pull, crowds, size] = level_contexts(at, width);
  positive = ranks > 0;
  ranks = abs(ranks);
  steps = zeros(3, 2 * numel(at));
  n = 0;
  if tables.negative > 0 && tables.positive > 0
    contexts = sign_context((2 * positive - 1) * triu(pull, 1));
    for k = 1:numel(at)
      counts = tables.signs(contexts(k), :);
      sign = 1 + positive(k);
      n = n + 1;
      steps(:, n) = [counts(1) * (sign == 2); counts(sign); counts(1) + counts(2)];
      tables.signs(contexts(k), sign) = counts(sign) + 2;
    end
  end
  if width == 0
    crowds = 1 + positive;
  end
  sizes = [tables.negative, tables.positive];
  for k = 1:numel(at)
    count = sizes(1 + positive(k));
    if count > 1
      weights = tables.crowds(crowds(k), 1:count);
      if width > 0
        weights = weights + tables.sizes(size, 1:count);
      end
      rank = ranks(k);
      n = n + 1;
      steps(:, n) = [sum(weights(1:rank - 1)); weights(rank); sum(weights)];
      tables.crowds(crowds(k), rank) = tables.crowds(crowds(k), rank) + tables.gain;
      tables.sizes(size, rank) = tables.sizes(size, rank) + tables.gain;
    end
  end
  steps = steps(:, 1:n);
end
