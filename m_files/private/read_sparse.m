function [codes, reader] = read_sparse(op, reader, shape, zero, levels, width, limit)
  % The matrix of codes of size SHAPE whose steps sparse_steps gave, with at most LIMIT nonzeros.
  codes = zeros(shape(2), shape(1)) + zero;
  [counts, reader] = read_counts(op, reader, shape);
  if sum(counts) > limit
    file_error(op, 'is damaged (more symbols than bytes can hold)');
  end
  [alike, follows] = count_groups(counts);
  [ordered, reader] = read_flat(op, reader, 1, 2);
  shape = sparse_shape(shape(2), width);
  shared = shape.shared;
  tables = sparse_tables(zero, levels - 1 - zero);
  rate = shape.rate;
  extra = shape.extra;
  likely = shape.most;
  near_at = shape.near_at;
  near_by = shape.near_by;
  most = numel(shared) - 1;
  data = reader.data;
  first = 1;
  for i = find(counts > 0)
    w = shared;
    start = 1;
    if ordered && follows(i)
      start = first;
    end
    together = 1;
    if ordered
      together = alike(i);
    end
    at = zeros(1, counts(i));
    byte = reader.at;
    code = reader.code;
    range = reader.width;
    reach = floor(2 * most / counts(i)) + 32;
    for n = 1:counts(i)
      left = counts(i) - n + 1;
      room = most - start - left + 1;
      if room < 0
        file_error(op, 'is damaged (the weights of a neuron do not fit)');
      end
      share = floor(range / (1048577 + room));
      target = code / share;
      if together == 1 && left > 1
        % What next_ends does, for the next positions alone: most often they are enough.
        if width > 0 || n <= 2
          ahead = cumsum(w(most:-1:start));
          behind = start + numel(ahead);
        end
        shown = min(room, reach);
        chance = min(rate * (left + extra) * w(start:start + shown - 1) ./ ...
                     ahead(behind - start:-1:behind - start - shown + 1), likely);
        ends = floor((1 - cumprod(1 - chance)) * 1048576) + (1:shown);
        step = find(ends > target, 1);
      else
        step = [];
      end
      if isempty(step)
        ends = next_ends(w, start, left, shape, together, most);
        step = find(ends > target, 1);
        if isempty(step)
          file_error(op, 'is damaged (its coding is wrong)');
        end
      end
      if step == 1
        range = share * ends(1);
      else
        code = code - share * ends(step - 1);
        range = share * (ends(step) - ends(step - 1));
      end
      while range < 1099511627776
        byte = byte + 1;
        code = code * 256;
        if byte <= numel(data)
          code = code + data(byte);
        end
        range = range * 256;
      end
      k = start + step - 1;
      at(n) = k;
      if width > 0
        changed = near_at(:, k);
        w(changed) = w(changed) + shared(changed) .* near_by;
      end
      start = k + 1;
      together = 1;
    end
    reader.at = byte;
    reader.code = code;
    reader.width = range;
    first = at(1);
    [ranks, reader, tables] = read_levels(op, reader, at, width, tables);
    codes(at, i) = zero + ranks;
    shared = shared * shape.decay;
    for k = at
      changed = shape.shared_at(:, k);
      shared(changed) = shared(changed) + shape.shared_by;
    end
  end
  codes = codes.';
end

function [counts, reader] = read_counts(op, reader, shape)
  [falling, reader] = read_flat(op, reader, 1, 2);
  [first, reader] = read_wholes(op, reader, 1, whole_contexts());
  [counts, reader] = read_wholes(op, reader, shape(1) - 1, whole_contexts());
  counts = [first, counts];
  if falling
    counts = cumsum([first, -counts(2:end)]);
  end
  if any(counts < 0 | counts > shape(2))
    file_error(op, 'is damaged (a neuron has too many weights)');
  end
end

function [ranks, reader, tables] = read_levels(op, reader, at, width, tables)
  % The ranks of one neuron's nonzeros, with their signs.
  data = reader.data;
  byte = reader.at;
  code = reader.code;
  range = reader.width;
  [pull, crowds, size] = level_contexts(at, width);
  count = numel(at);
  side = (1 + (tables.levels(2) > 0)) * ones(1, count);
  if tables.has_signs
    expected = zeros(1, count);
    seen_zeros = tables.sign_zeros;
    seen = tables.sign_bits;
    for k = 1:count
      context = tables.context_of(2049 + expected(k));
      bits_before = seen(context);
      seen(context) = bits_before + 2;
      share = floor(range / bits_before);
      zeros_before = seen_zeros(context);
      limit = share * zeros_before;
      if code >= limit
        range = share * bits_before - limit;
        code = code - limit;
        side(k) = 2;
        expected = expected + pull(k, :);
      else
        range = limit;
        seen_zeros(context) = zeros_before + 2;
        side(k) = 1;
        expected = expected - pull(k, :);
      end
      while range < 1099511627776
        byte = byte + 1;
        code = code * 256;
        if byte <= numel(data)
          code = code + data(byte);
        end
        range = range * 256;
      end
    end
    tables.sign_zeros = seen_zeros;
    tables.sign_bits = seen;
  end
  if width == 0
    crowds = side;
  end
  depths = tables.depths;
  seen_zeros = tables.zeros;
  seen = tables.bits;
  ranks = ones(1, count);
  if size > 0
    size_zeros = tables.size_zeros(:, size);
    size_bits = tables.size_bits(:, size);
  end
  for k = 1:count * (max(depths) > 0)
    node = 1;
    crowd = crowds(k);
    last = 2^depths(side(k));
    while node < last
      zeros_before = seen_zeros(node, crowd);
      bits_before = seen(node, crowd);
      seen(node, crowd) = bits_before + 2;
      if size > 0
        bits_before = bits_before + size_bits(node);
        limit = floor(range / bits_before) * (zeros_before + size_zeros(node));
        size_bits(node) = size_bits(node) + 2;
      else
        limit = floor(range / bits_before) * zeros_before;
      end
      if code >= limit
        range = floor(range / bits_before) * bits_before - limit;
        code = code - limit;
        node = 2 * node + 1;
      else
        range = limit;
        seen_zeros(node, crowd) = zeros_before + 2;
        if size > 0
          size_zeros(node) = size_zeros(node) + 2;
        end
        node = 2 * node;
      end
      while range < 1099511627776
        byte = byte + 1;
        code = code * 256;
        if byte <= numel(data)
          code = code + data(byte);
        end
        range = range * 256;
      end
    end
    ranks(k) = node - last + 1;
  end
  if any(ranks > tables.levels(side))
    file_error(op, 'is damaged (a level is missing)');
  end
  tables.zeros = seen_zeros;
  tables.bits = seen;
  if size > 0
    tables.size_zeros(:, size) = size_zeros;
    tables.size_bits(:, size) = size_bits;
  end
  ranks = ranks .* (2 * side - 3);
  reader.at = byte;
  reader.code = code;
  reader.width = range;
end
