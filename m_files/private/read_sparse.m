function [codes, reader] = read_sparse(op, reader, shape, zero, levels, width, most)
  % The matrix of codes of size SHAPE whose steps sparse_steps gave, with at most MOST nonzeros.
  codes = zeros(shape(2), shape(1)) + zero;
  [counts, reader] = read_counts(op, reader, shape);
  if sum(counts) > most
    file_error(op, 'is damaged (more symbols than bytes can hold)');
  end
  [alike, follows] = count_groups(counts);
  [ordered, reader] = read_flat(reader, 1, 2);
  shape = sparse_shape(shape(2), width);
  shared = shape.shared;
  tables = sparse_tables(zero, levels - 1 - zero);
  data = reader.data;
  first = 1;
  for i = find(counts > 0)
    w = shared;
    near = ones(size(w));
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
    for left = counts(i):-1:1
      room = numel(w) - start - left;
      if room < 0
        file_error(op, 'is damaged (the weights of a neuron do not fit)');
      end
      share = floor(range / (1048577 + room));
      target = min(floor(code / share), 1048576 + room);
      % Most often the next one is not far: fewer chances to work out.
      ends = next_ends(w, start, left, shape, together, floor(2 * room / left) + 32);
      n = find(ends > target, 1);
      if isempty(n)
        ends = next_ends(w, start, left, shape, together, numel(w));
        n = find(ends > target, 1);
      end
      before = 0;
      if n > 1
        before = ends(n - 1);
      end
      code = code - share * before;
      range = share * (ends(n) - before);
      while range < 1099511627776
        byte = byte + 1;
        code = code * 256;
        if byte <= numel(data)
          code = code + data(byte);
        end
        range = range * 256;
      end
      k = start + n - 1;
      at(counts(i) - left + 1) = k;
      if width > 0
        changed = shape.near_at(:, k);
        near(changed) = near(changed) + shape.near_by;
        w(changed) = shared(changed) .* near(changed);
      end
      start = k + 1;
      together = 1;
    end
    reader.at = byte;
    reader.code = code;
    reader.width = range;
    first = at(1);
    [ranks, reader, tables] = read_levels(reader, at, width, tables);
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
  [falling, reader] = read_flat(reader, 1, 2);
  [first, reader] = read_wholes(reader, 1, whole_contexts());
  [counts, reader] = read_wholes(reader, shape(1) - 1, whole_contexts());
  counts = [first, counts];
  if falling
    counts = cumsum([first, -counts(2:end)]);
  end
  if any(counts < 0 | counts > shape(2))
    file_error(op, 'is damaged (a neuron has too many weights)');
  end
end

function [ranks, reader, tables] = read_levels(reader, at, width, tables)
  % The ranks of one neuron's nonzeros, with their signs.
  data = reader.data;
  byte = reader.at;
  code = reader.code;
  range = reader.width;
  [pull, crowds, size] = level_contexts(at, width);
  positive = (tables.positive > 0) * ones(1, numel(at));
  if tables.negative > 0 && tables.positive > 0
    expected = zeros(1, numel(at));
    signs = tables.signs;
    for k = 1:numel(at)
      context = sign_context(expected(k));
      counts = signs(context, :);
      share = floor(range / (counts(1) + counts(2)));
      sign = 1 + (code >= share * counts(1));
      if sign == 2
        code = code - share * counts(1);
      end
      range = share * counts(sign);
      while range < 1099511627776
        byte = byte + 1;
        code = code * 256;
        if byte <= numel(data)
          code = code + data(byte);
        end
        range = range * 256;
      end
      signs(context, sign) = counts(sign) + 2;
      positive(k) = sign - 1;
      expected = expected + (2 * sign - 3) * pull(k, :);
    end
    tables.signs = signs;
  end
  if width == 0
    crowds = 1 + positive;
  end
  sizes = [tables.negative, tables.positive];
  ranks = ones(1, numel(at));
  by_crowd = tables.crowds;
  by_size = tables.sizes(size, :);
  for k = 1:numel(at)
    count = sizes(1 + positive(k));
    if count > 1
      ends = by_crowd(crowds(k), 1:count);
      if width > 0
        ends = ends + by_size(1:count);
      end
      ends = cumsum(ends);
      share = floor(range / ends(end));
      rank = find(ends > min(floor(code / share), ends(end) - 1), 1);
      before = 0;
      if rank > 1
        before = ends(rank - 1);
      end
      code = code - share * before;
      range = share * (ends(rank) - before);
      while range < 1099511627776
        byte = byte + 1;
        code = code * 256;
        if byte <= numel(data)
          code = code + data(byte);
        end
        range = range * 256;
      end
      by_crowd(crowds(k), rank) = by_crowd(crowds(k), rank) + tables.gain;
      by_size(rank) = by_size(rank) + tables.gain;
      ranks(k) = rank;
    end
  end
  tables.crowds = by_crowd;
  tables.sizes(size, :) = by_size;
  ranks = ranks .* (2 * positive - 1);
  reader.at = byte;
  reader.code = code;
  reader.width = range;
end
