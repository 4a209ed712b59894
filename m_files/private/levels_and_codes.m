function [levels, codes] = levels_and_codes(values, layer)
  % The distinct values, ascending, and from 0 which one each element has; no levels if there
  % are too many.
  if isfield(layer, 'codebook')
    [levels, codes] = levels_in_use(layer.codebook, layer.codes);
    % The codes were checked to stand for the weights; but a mask may have made zeros.
    if ~isfield(layer, 'mask') || ...
        isequal(reshape(levels(double(codes) + 1), size(values)), values)
      return
    end
  end
  flat = values(:);
  levels = unique(flat(1:min(65536, end))).' + 0;
  while numel(levels) <= 65536
    codes = max(lookup(levels, flat), 1);
    missing = find(reshape(levels(codes), [], 1) ~= flat, 65536);
    if isempty(missing)
      codes = reshape(codes - 1, size(values));
      return
    end
    levels = unique([levels, flat(missing).' + 0]);
  end
  levels = [];
  codes = [];
end

function [levels, codes] = levels_in_use(codebook, codes)
  % The levels that some code points to, each once, and codes that point into them.
  used = find(accumarray(double(codes(:)) + 1, 1, [numel(codebook), 1]) > 0).';
  [levels, ~, place] = unique(codebook(used));
  levels = reshape(levels, 1, []) + 0;
  if numel(levels) < numel(codebook)
    table = zeros(1, numel(codebook));
    table(used) = place - 1;
    codes = reshape(table(double(codes) + 1), size(codes));
  end
end
