function [array, source] = read_array(op, source, shape, kind)
  % The matrix of size SHAPE and float class KIND that pack_array coded: a struct with values
  % and, if it has levels, codes and codebook.
  count = prod(shape);
  if count == 0
    array = struct('values', zeros(shape, kind));
    return
  end
  contexts = whole_contexts();
  [way, source.reader] = read_flat(op, source.reader, 1, 8);
  if any(way == [5, 6])
    if way == 5
      [values, source] = read_planes(op, source, contexts, kind, count);
    else
      [at, source, contexts] = read_gaps(op, source, contexts, count);
      values = zeros(1, count, kind);
      [values(at), source] = read_planes(op, source, contexts, kind, numel(at));
    end
    array = struct('values', reshape(values, shape(2), shape(1)).');
    return
  end
  has_table = 1;
  if any(way == [3, 4])
    [has_table, source.reader] = read_flat(op, source.reader, 1, 2);
  end
  if has_table
    [levels, source.reader] = read_table(op, source.reader, kind);
  else
    [size_of, source.reader, contexts] = read_wholes(op, source.reader, 1, contexts);
    if size_of <= 256 || size_of > 65536
      file_error(op, 'is damaged (too many levels)');
    end
    [levels, source, contexts] = read_planes(op, source, contexts, kind, size_of);
  end
  if ~all(isfinite(levels)) || any(diff(levels) <= 0)
    file_error(op, 'is damaged (its levels are wrong)');
  end
  zero = find(levels == 0, 1) - 1;
  if any(way == [1, 2, 4]) && isempty(zero)
    file_error(op, 'is damaged (no level is zero)');
  end
  if way == 0
    source = spent(op, source, count * (numel(levels) > 1));
    [codes, source.reader] = read_dense(op, source.reader, shape, numel(levels));
  elseif way <= 2
    source = spent(op, source, shape(1));
    width = 0;
    if way == 2
      width = image_width(shape(2));
      if width == 0
        file_error(op, 'is damaged (the inputs are no image)');
      end
    end
    [codes, source.reader] = read_sparse(op, source.reader, shape, zero, numel(levels), width, ...
                                         source.symbols);
    source = spent(op, source, sum(codes(:) ~= zero));
  elseif way == 7
    [codes, source] = read_huffman(op, source, numel(levels), zero, count);
    codes = reshape(codes, shape(2), shape(1)).';
  else
    wide = code_class('uint', bits_for(numel(levels)));
    if way == 4
      [at, source, contexts] = read_gaps(op, source, contexts, count);
      codes = repmat(cast(zero, wide), 1, count);
      [codes(at), source] = read_planes(op, source, contexts, wide, numel(at));
    else
      [codes, source] = read_planes(op, source, contexts, wide, count);
    end
    codes = reshape(codes, shape(2), shape(1)).';
    if max(codes(:)) >= numel(levels)
      file_error(op, 'is damaged (a level is missing)');
    end
  end
  array = struct('values', reshape(levels(double(codes) + 1), shape), ...
                 'codes', cast(codes, code_class('uint', bits_for(numel(levels)))), ...
                 'codebook', levels);
end

function [codes, source] = read_huffman(op, source, levels, zero, count)
  [sizes, source.reader] = read_wholes(op, source.reader, 3, whole_contexts());
  if sizes(1) > count
    file_error(op, 'is damaged (more gaps than weights)');
  elseif sizes(2) + sizes(3) > numel(source.bulk) - source.at
    file_error(op, 'is damaged (it ends too early)');
  end
  ends = source.at + cumsum([0, sizes(2:3)]);
  index = double(huffman_unpack(op, source.bulk(ends(1) + 1:ends(2)), sizes(1)));
  found = huffman_unpack(op, source.bulk(ends(2) + 1:ends(3)), sizes(1));
  source.at = ends(3);
  at = cumsum(index + 1);
  if ~isempty(at) && at(end) > count
    file_error(op, 'is damaged (a gap is too long)');
  elseif (isempty(zero) && numel(at) < count) || any(found >= levels)
    file_error(op, 'is damaged (a level is missing)');
  end
  codes = repmat(uint8(max([zero, 0])), 1, count);
  codes(at) = found;
end

function source = spent(op, source, symbols)
  source.symbols = source.symbols - symbols;
  if source.symbols < 0
    file_error(op, 'is damaged (more symbols than bytes can hold)');
  end
end

function [at, source, contexts] = read_gaps(op, source, contexts, count)
  [total, source.reader, contexts] = read_wholes(op, source.reader, 1, contexts);
  if total > count
    file_error(op, 'is damaged (more gaps than weights)');
  end
  [symbols, source, contexts] = read_planes(op, source, contexts, 'uint8', total);
  is_weight = symbols ~= 255;
  at = cumsum(double(symbols) + is_weight);
  at = at(is_weight);
  if ~isempty(at) && at(end) > count
    file_error(op, 'is damaged (a gap is too long)');
  end
end

function [values, source, contexts] = read_planes(op, source, contexts, kind, count)
  width = numel(typecast(cast(0, kind), 'uint8'));
  planes = zeros(width, count, 'uint8');
  for k = 1:width
    [is_coded, source.reader] = read_flat(op, source.reader, 1, 2);
    size_of = count;
    if is_coded
      [size_of, source.reader, contexts] = read_wholes(op, source.reader, 1, contexts);
    end
    if size_of > numel(source.bulk) - source.at
      file_error(op, 'is damaged (it ends too early)');
    end
    bytes = source.bulk(source.at + 1:source.at + size_of);
    source.at = source.at + size_of;
    if is_coded
      bytes = rans_unpack(op, bytes, count);
    end
    planes(k, :) = bytes;
  end
  values = from_little(planes, kind);
end
