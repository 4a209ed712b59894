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
        w(changed) = w(changed) + shared(changed) .* shape.near_by;
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
  side = 1 + (ranks > 0);
  ranks = abs(ranks) - 1;
  steps = zeros(3, numel(at) * (1 + max(tables.depths)));
  n = 0;
  if tables.has_signs
    contexts = sign_context((2 * side - 3) * triu(pull, 1));
    for k = 1:numel(at)
      context = contexts(k);
      zeros_before = tables.sign_zeros(context);
      bits_before = tables.sign_bits(context);
      n = n + 1;
      if side(k) == 2
        steps(:, n) = [zeros_before; bits_before - zeros_before; bits_before];
      else
        steps(:, n) = [0; zeros_before; bits_before];
        tables.sign_zeros(context) = zeros_before + 2;
      end
      tables.sign_bits(context) = bits_before + 2;
    end
  end
  if width == 0
    crowds = side;
  end
  for k = 1:numel(at)
    node = 1;
    crowd = crowds(k);
    for place = tables.depths(side(k)) - 1:-1:0
      bit = mod(floor(ranks(k) / 2^place), 2);
      zeros_before = tables.zeros(node, crowd);
      bits_before = tables.bits(node, crowd);
      tables.zeros(node, crowd) = zeros_before + 2 * (1 - bit);
      tables.bits(node, crowd) = bits_before + 2;
      if size > 0
        zeros_before = zeros_before + tables.size_zeros(node, size);
        bits_before = bits_before + tables.size_bits(node, size);
        tables.size_zeros(node, size) = tables.size_zeros(node, size) + 2 * (1 - bit);
        tables.size_bits(node, size) = tables.size_bits(node, size) + 2;
      end
      n = n + 1;
      if bit
        steps(:, n) = [zeros_before; bits_before - zeros_before; bits_before];
      else
        steps(:, n) = [0; zeros_before; bits_before];
      end
      node = 2 * node + bit;
    end
  end
  steps = steps(:, 1:n);
end
