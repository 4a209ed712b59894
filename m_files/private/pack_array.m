function coded = pack_array(values, left, layer)
  % The shortest coding of the matrix VALUES: steps of the range coder, and a row of bytes, with at
  % most LEFT symbols one by one.  The codebook of LAYER, if it has one, saves the search for
  % levels.  See packing.py.
  coded = struct('steps', zeros(3, 0), 'bulk', zeros(1, 0, 'uint8'), 'symbols', 0);
  if isempty(values)
    return
  end
  ways = {};
  [levels, codes] = levels_and_codes(values, layer);
  if ~isempty(levels)
    if numel(levels) <= 256
      ways = in_stream(levels, codes, left);
    end
    if numel(levels) <= max(256, floor(numel(values) / 2))
      ways{end + 1} = in_lanes(levels, codes);
    end
  end
  if isempty(levels) || 4 * numel(levels) > numel(values)
    ways{end + 1} = as_floats(values + 0);
  end
  [~, shortest] = min(cellfun(@(way) way.size, ways));
  coded = ways{shortest};
end

function ways = in_stream(levels, codes, left)
  % The ways to code symbol by symbol, those that are worth it.
  ways = {};
  if isscalar(levels)
    ways = {coded_as(0, levels, zeros(3, 0), 0)};
    return
  end
  zero = find(levels == 0, 1);
  nonzeros = numel(codes);
  if ~isempty(zero)
    nonzeros = sum(codes(:) ~= zero - 1);
  end
  if 2 * nonzeros >= numel(codes) && numel(codes) <= left
    ways = {coded_as(0, levels, dense_steps(codes, numel(levels)), numel(codes))};
  end
  if ~isempty(zero) && nonzeros + rows(codes) <= left && nonzeros * columns(codes) <= 2^25
    width = image_width(columns(codes));
    if width > 0 && ~is_clustered(codes ~= zero - 1, width)
      width = 0;
    end
    steps = sparse_steps(codes, zero - 1, numel(levels), width);
    ways{end + 1} = coded_as(1 + (width > 0), levels, steps, nonzeros + rows(codes));
  end
  for k = numel(ways):-1:1
    % A reader gives up where a file has more symbols than this.
    if ways{k}.symbols > 4 * ways{k}.size
      ways(k) = [];
    end
  end
end

function yes = is_clustered(mask, width)
  % Whether nonzeros of a neuron stand above each other in the image clearly more often than by
  % chance.
  pairs = mask(:, 1:end - width) & mask(:, width + 1:end);
  counts = sum(mask, 2);
  yes = 2 * columns(mask) * sum(pairs(:)) > 3 * sum(counts .* (counts - 1));
end

function coded = coded_as(kind, levels, steps, symbols)
  coded = with_size(struct('steps', [[kind; 1; 8], table_steps(levels), steps], ...
                           'bulk', zeros(1, 0, 'uint8'), 'symbols', symbols));
end

function coded = with_size(coded)
  coded.size = numel(range_bytes(coded.steps)) + numel(coded.bulk);
end

function coded = in_lanes(levels, codes)
  flat = reshape(codes.', 1, []);
  zero = find(levels == 0, 1);
  is_sparse = false;
  if ~isempty(zero)
    differ = flat ~= zero - 1;
    is_sparse = 4 * sum(differ) <= numel(flat);
  end
  has_table = numel(levels) <= 256;
  coded = struct('steps', [3 + is_sparse; 1; 8], 'bulk', zeros(1, 0, 'uint8'), 'symbols', 0);
  coded.steps(:, 2) = [double(has_table); 1; 2];
  contexts = whole_contexts();
  kind = 'uint8';
  if has_table
    coded.steps = [coded.steps, table_steps(levels)];
  else
    kind = 'uint16';
    [steps, contexts] = whole_steps(numel(levels), contexts);
    coded.steps = [coded.steps, steps];
    [coded, contexts] = with_planes(coded, contexts, levels);
  end
  if is_sparse
    [coded, contexts] = with_gaps(coded, contexts, find(differ));
    flat = flat(differ);
  end
  coded = with_size(with_planes(coded, contexts, cast(flat, kind)));
end

function coded = as_floats(values)
  flat = reshape(values.', 1, []);
  at = find(flat ~= 0);
  is_sparse = 4 * numel(at) <= numel(flat);
  coded = struct('steps', [5 + is_sparse; 1; 8], 'bulk', zeros(1, 0, 'uint8'), 'symbols', 0);
  contexts = whole_contexts();
  if is_sparse
    [coded, contexts] = with_gaps(coded, contexts, at);
    flat = flat(at);
  end
  coded = with_size(with_planes(coded, contexts, flat));
end

function [coded, contexts] = with_gaps(coded, contexts, at)
  % Ascending positions as the gaps before them, with fillers where they are long.
  gaps = diff([0, at]) - 1;
  sizes = floor(gaps / 255) + 1;
  symbols = repmat(uint8(255), 1, sum(sizes));
  symbols(cumsum(sizes)) = mod(gaps, 255);
  [steps, contexts] = whole_steps(numel(symbols), contexts);
  coded.steps = [coded.steps, steps];
  [coded, contexts] = with_planes(coded, contexts, symbols);
end

function [coded, contexts] = with_planes(coded, contexts, values)
  % Numbers byte by byte: their lowest bytes first, then the next ones.
  width = numel(typecast(cast(0, class(values)), 'uint8'));
  planes = reshape(little_bytes(values), width, []);
  blocks = cell(1, width);
  for k = 1:width
    blocks{k} = rans_pack(planes(k, :));
    is_shorter = numel(blocks{k}) < columns(planes);
    steps = [double(is_shorter); 1; 2];
    if is_shorter
      [size_steps, contexts] = whole_steps(numel(blocks{k}), contexts);
      steps = [steps, size_steps];
    else
      blocks{k} = planes(k, :);
    end
    coded.steps = [coded.steps, steps];
  end
  coded.bulk = [coded.bulk, blocks{:}];
end
