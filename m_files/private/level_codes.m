function codes = level_codes(w, levels)
  % The codes, from 0, of the levels that stand for the weights W.  If some are zero, the first
  % level 0 is theirs alone, unless it is the only level.
  w = double(w);
  levels = double(levels);
  is_zero = w == 0;
  own = find(levels == 0, 1);
  others = levels;
  if ~isempty(own) && numel(levels) > 1 && any(is_zero(:))
    others(own) = [];
    codes = nearest_level(w, others);
    codes = codes + (codes >= own - 1);
    codes(is_zero) = own - 1;
  else
    codes = nearest_level(w, others);
  end
  codes = cast(codes, code_class('uint', bits_for(numel(levels))));
end
